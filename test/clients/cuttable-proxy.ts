import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../node/loopback-server.ts';

/** A proxy between one client and the gateway, which can cut their connections. */
export interface CuttableProxy {
  /** The URL of `/graphql` through the proxy. */
  readonly url: string;
  /** The same for WebSockets. */
  readonly socketUrl: string;
  /** The number of connections that were refused since the last cut. */
  readonly refused: number;
  /** Resets every connection, and every new one until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

/** Starts the proxy on a free port of the loopback. It forwards bytes without reading them. */
export async function startCuttableProxy(gatewayUrl: string): Promise<CuttableProxy> {
  const { hostname, port: gatewayPort } = new URL(gatewayUrl);
  const sockets = new Set<Socket>();
  let isCut = false;
  let refused = 0;

  function reset(): void {
    for (const socket of sockets) socket.resetAndDestroy();
  }

  const server = createServer((client) => {
    if (isCut) {
      refused += 1;
      client.resetAndDestroy();
      return;
    }
    const gateway = connect(Number(gatewayPort), hostname);
    for (const [socket, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const host = `127.0.0.1:${await listen(server)}`;

  return {
    url: `http://${host}/graphql`,
    socketUrl: `ws://${host}/graphql`,
    get refused() {
      return refused;
    },
    cut() {
      isCut = true;
      refused = 0;
      reset();
    },
    restore() {
      isCut = false;
    },
    async close() {
      reset();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
