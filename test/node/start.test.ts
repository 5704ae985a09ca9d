import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type GatewayStack } from './gateway-stack.ts';

// What a cold start has no time for. How long one takes is for `npm run bench -- http` to tell.

/** Made by graphql and @graphql-tools/executor when they are loaded. */
const OF_PACKAGES = [
  'Error: Validation aborted.',
  'Error: Too many validation errors, error limit reached. Validation aborted.',
  'Error: This operation was aborted',
];

let stack: GatewayStack;

beforeAll(async () => {
  stack = await startStack({ entry: 'test/node/worker/start-entry.ts' });
});
afterAll(() => stack.close());

async function started(): Promise<unknown> {
  return (await fetch(`${stack.gateway.url}/start`)).json();
}

test('the script makes no error of its own while it starts, and has none of the globals of Node', async () => {
  expect(await started()).toEqual({ errors: OF_PACKAGES, ofNode: [], errorsSince: 0 });
  // It would have been counted.
  await fetch(`${stack.gateway.url}/errors`);
  expect(await started()).toMatchObject({ errorsSince: 1 });
});
