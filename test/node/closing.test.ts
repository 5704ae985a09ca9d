import { afterAll, beforeAll, describe, it } from 'vitest';
import { WebSocket as NodeSocket } from 'ws';
import { CONNECTION_INIT } from '../support/token.ts';
import { startStack, type GatewayStack } from './gateway-stack.ts';

let stack: GatewayStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

function open(): Promise<NodeSocket> {
  const socket = new NodeSocket(`${stack.gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  return new Promise((resolve, reject) => {
    socket.once('message', () => resolve(socket));
    socket.once('error', reject);
    socket.once('open', () => socket.send(CONNECTION_INIT));
  });
}

describe('a client that closes its socket', () => {
  // The codes of a closed browser tab, of a library, and of a close without a code.
  it.for([1001, 1000, 4400, undefined])(
    'with %s receives the close of the gateway at once',
    async (code, { expect }) => {
      const socket = await open();
      const closed = new Promise<number>((resolve) => void socket.once('close', resolve));
      const startedMs = Date.now();
      socket.close(code);
      expect(await closed).toBe(code ?? 1000);
      // A client whose close is not answered gives up after 20 to 30 s.
      expect(Date.now() - startedMs).toBeLessThan(5_000);
    },
  );
});
