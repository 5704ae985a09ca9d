import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../node/loopback-server.ts';

/** A proxy that resets the connection of its client when given numbers of bytes have passed. */
export interface CuttingProxy {
  readonly url: string;
  /** The number of cuts that were made. */
  readonly cuts: number;
  close(): Promise<void>;
}

/**
 * Starts the proxy on a free port of the loopback. `cutsAt` are ascending numbers of bytes, counted over all connections
 * from the client to the server. A cut loses the bytes that are on their way.
 */
export async function startCuttingProxy(serverUrl: string, cutsAt: readonly number[]): Promise<CuttingProxy> {
  const { hostname, port: serverPort } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let passed = 0;
  let cuts = 0;

  const server = createServer((client) => {
    const upstream = connect(Number(serverPort), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.pipe(client);
    client.on('data', (data) => {
      const next = cutsAt[cuts] ?? Infinity;
      const room = next - passed;
      if (data.byteLength < room) {
        passed += data.byteLength;
        if (!upstream.write(data)) {
          client.pause();
          upstream.once('drain', () => client.resume());
        }
        return;
      }
      passed = next;
      cuts += 1;
      upstream.write(data.subarray(0, room), () => {
        client.resetAndDestroy();
        upstream.resetAndDestroy();
      });
      client.pause();
    });
  });
  const host = `127.0.0.1:${await listen(server)}`;

  return {
    url: `http://${host}`,
    get cuts() {
      return cuts;
    },
    async close() {
      for (const socket of sockets) socket.resetAndDestroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
