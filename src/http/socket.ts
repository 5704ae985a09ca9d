import { SUBPROTOCOL } from '../hub/attachment.ts';

/** The subprotocol of subscriptions-transport-ws, which was given up in 2020 and shares its name with a library that is not. */
const OLD_SUBPROTOCOL = 'graphql-ws';

/** Dials a hub, the tenant's own where it is known; null when all are full. */
export type Dial = (request: Request, tenant: string | null) => Promise<Response | null>;

/** Whether a request asks for a WebSocket. */
export function isUpgrade(request: Request): boolean {
  return request.headers.get('upgrade')?.toLowerCase() === 'websocket';
}

/**
 * Hands a socket to a hub. Only what the hub needs goes on: no header of a client's reaches it. `tenant` is routing: who is
 * calling is asked in `connection_init`.
 */
export async function answerUpgrade(request: Request, tenant: string | null, dial: Dial): Promise<Response> {
  const names = (request.headers.get('sec-websocket-protocol') ?? '').split(',');
  const offered = new Set(names.map((name) => name.trim()));
  if (!offered.has(SUBPROTOCOL)) {
    const hint = offered.has(OLD_SUBPROTOCOL)
      ? ` "${OLD_SUBPROTOCOL}" is the protocol of subscriptions-transport-ws, which is no longer maintained: use the library graphql-ws.`
      : '';
    return text(400, `Sec-WebSocket-Protocol must offer ${SUBPROTOCOL}.${hint}`);
  }
  const answer = await dial(new Request(request.url, { headers: { upgrade: 'websocket' } }), tenant);
  return answer ?? text(503, 'No room for another socket. Try again.', { 'retry-after': '5' });
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
}
