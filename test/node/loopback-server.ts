import { createServer, type RequestListener, type Server } from 'node:http';
import type { Server as SocketServer } from 'node:net';

/** An HTTP server on a free port of the loopback. */
export interface LoopbackServer {
  readonly url: string;
  readonly server: Server;
  /** Ends all connections and stops listening. */
  readonly close: () => Promise<void>;
}

/** Starts an HTTP server on a free port of the loopback. */
export async function startServer(answer: RequestListener): Promise<LoopbackServer> {
  const server = createServer(answer);
  const url = `http://127.0.0.1:${await listen(server)}`;
  return {
    url,
    server,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Listens on a free port of the loopback, and returns the port. */
export async function listen(server: SocketServer): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
