import { DurableObject } from 'cloudflare:workers';

interface HubEnv {
  readonly HUB: DurableObjectNamespace<BareHub>;
  readonly MESSAGE: string;
}

/** The lower limit of a hub with hibernating WebSockets: sends one prepared message to every socket. */
export class BareHub extends DurableObject<HubEnv> {
  override fetch(request: Request): Response {
    if (request.method === 'POST') {
      for (const socket of this.ctx.getWebSockets('subscribed')) socket.send(this.env.MESSAGE);
      return new Response(null, { status: 204 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, ['subscribed']);
    const headers = { 'sec-websocket-protocol': 'graphql-transport-ws' };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    if (typeof data === 'string' && data.includes('connection_init')) socket.send('{"type":"connection_ack"}');
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code);
  }
}

export default {
  fetch: (request, env) => env.HUB.getByName('hub').fetch(request),
} satisfies ExportedHandler<HubEnv>;
