import type { Failure } from '../errors.ts';
import { SUBPROTOCOL } from '../hub/protocol.ts';
import { toCallerHeaders, type Dialled, type NoRoom } from '../hub/pool.ts';

/** The subprotocol of subscriptions-transport-ws, which was given up in 2020 and shares its name with a library that is not. */
const OLD_SUBPROTOCOL = 'graphql-ws';

/** Dials a hub, the tenant's own where it is known. */
export type Dial = (request: Request, tenant: string | null) => Promise<Dialled>;

const RETRY_AFTER_MS = 5_000;

const NO_ROOM = {
  FULL: { status: 503, message: 'No room for another socket. Try again.' },
  TENANT: { status: 429, message: 'The tenant has too many sockets and streams. Close some, or try again later.' },
  ADDRESS: { status: 429, message: 'This address has too many sockets and streams. Close some, or try again later.' },
} as const satisfies Record<NoRoom, { readonly status: number; readonly message: string }>;

/** What a caller is told whom no hub has room for. */
export function noRoomFailure(reason: NoRoom): { readonly status: number; readonly failure: Failure } {
  const { status, message } = NO_ROOM[reason];
  return { status, failure: { code: 'RATE_LIMITED', message, retryable: true, retryAfterMs: RETRY_AFTER_MS } };
}

/** Whether a request asks for a WebSocket. */
export function isUpgrade(request: Request): boolean {
  return request.headers.get('upgrade')?.toLowerCase() === 'websocket';
}

/**
 * Hands a socket to a hub. Only what the hub needs goes on: no header of a client's reaches it. `tenant` is routing: who is
 * calling is asked in `connection_init`. `network`: of the client.
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
    return text(400, `Sec-WebSocket-Protocol must offer ${SUBPROTOCOL}.${hint}`);
  }
  const headers = {
    upgrade: 'websocket',
    ...toCallerHeaders({ network, tenant, streamViewer: null, requestId }),
  };
  const dialled = await dial(new Request(request.url, { headers }), tenant);
  if (dialled.type === 'SOCKET') {
    // The headers of an answer that was fetched cannot be changed.
    return new Response(null, {
      status: 101,
      webSocket: dialled.socket,
      headers: { 'sec-websocket-protocol': SUBPROTOCOL },
    });
  }
  const { status, failure } = noRoomFailure(dialled.type);
  return text(status, failure.message, { 'retry-after': String(RETRY_AFTER_MS / 1_000) });
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
}
