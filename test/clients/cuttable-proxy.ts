import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../node/loopback-server.ts';

/** A proxy between one client and the gateway, which can cut their connections. */
export interface CuttableProxy {
  readonly origin: string;
  /** The URL of `/graphql` through the proxy. */
  readonly url: string;
  /** The same for WebSockets. */
  readonly socketUrl: string;
  /** The number of connections that were refused since the last cut. */
  readonly refused: number;
  /** The number of cuts at given numbers of bytes that were made. */
  readonly cuts: number;
  /** Resets every connection, and every new one until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

/**
 * Starts the proxy on a free port of the loopback. It forwards bytes without reading them. `cutsAt` are ascending numbers of
 * bytes, counted over all connections from the client to the gateway: a connection that reaches one is reset, and loses the
 * bytes that are on their way.
 */
export async function startCuttableProxy(gatewayUrl: string, cutsAt: readonly number[] = []): Promise<CuttableProxy> {
  const { hostname, port: gatewayPort } = new URL(gatewayUrl);
  const sockets = new Set<Socket>();
  let isCut = false;
  let refused = 0;
  let passed = 0;
  let cuts = 0;

  /** Passes on what a client sends, up to the next cut. */
  function forward(client: Socket, gateway: Socket): void {
    client.on('end', () => gateway.end());
    client.on('data', (data) => {
      const next = cutsAt[cuts] ?? Infinity;
      const room = next - passed;
      if (data.byteLength < room) {
        passed += data.byteLength;
        if (!gateway.write(data)) {
          client.pause();
          gateway.once('drain', () => client.resume());
        }
        return;
      }
      passed = next;
      cuts += 1;
      gateway.write(data.subarray(0, room), () => {
        client.resetAndDestroy();
        gateway.resetAndDestroy();
      });
      client.pause();
    });
  }

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
    }
    gateway.pipe(client);
    forward(client, gateway);
  });
  const host = `127.0.0.1:${await listen(server)}`;

  return {
    origin: `http://${host}`,
    url: `http://${host}/graphql`,
    socketUrl: `ws://${host}/graphql`,
    get refused() {
      return refused;
    },
    get cuts() {
      return cuts;
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
