import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type GatewayStack } from './gateway-stack.ts';

// Work that a cold start must not do. `npm run bench -- http` measures the duration of a start.

/** Errors that graphql and @graphql-tools/executor create when they are loaded. */
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

test('the script creates no errors while it starts, and has no globals of Node', async () => {
  expect(await started()).toEqual({ errors: OF_PACKAGES, ofNode: [], errorsSince: 0 });
  // Proves that errors are counted.
  await fetch(`${stack.gateway.url}/errors`);
  expect(await started()).toMatchObject({ errorsSince: 1 });
});
