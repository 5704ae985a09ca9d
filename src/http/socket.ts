import { type Dial, noRoomFailure, toCallerHeaders } from '../hub/pool.ts';
import { SUBPROTOCOL } from '../hub/protocol.ts';
import { respond } from './respond.ts';

/** The subprotocol of subscriptions-transport-ws, unmaintained since 2020. It has the name of a maintained library. */
const OLD_SUBPROTOCOL = 'graphql-ws';

/**
 * Hands a socket to a hub, without any of the client's headers. `tenant` only chooses the hub: the client authenticates in
 * `connection_init`. `network` is the client's.
 */
export async function answerUpgrade(
  request: Request,
  tenant: string | null,
  network: string | null,
  requestId: string,
  dial: Dial,
): Promise<Response> {
  const names = (request.headers.get('sec-websocket-protocol') ?? '').split(',');
  const offered = new Set(names.map((name) => name.trim()));
  if (!offered.has(SUBPROTOCOL)) {
    const hint = offered.has(OLD_SUBPROTOCOL)
      ? ` "${OLD_SUBPROTOCOL}" is the protocol of subscriptions-transport-ws, which is no longer maintained: use the library graphql-ws.`
      : '';
    return respond({ status: 400, body: `Sec-WebSocket-Protocol must offer ${SUBPROTOCOL}.${hint}` });
  }
  const headers = {
    upgrade: 'websocket',
    ...toCallerHeaders({ network, tenant, streamViewer: null, requestId }),
  };
  const dialled = await dial(new Request(request.url, { headers }), tenant);
  if (dialled.type === 'SOCKET') {
    // A new response, because the headers of a fetched one are immutable.
    return respond({
      status: 101,
      body: null,
      webSocket: dialled.socket,
      headers: { 'sec-websocket-protocol': SUBPROTOCOL },
    });
  }
  const { status, failure } = noRoomFailure(dialled.type);
  return respond({ status, body: failure.message, retryAfterMs: failure.retryAfterMs });
}
