import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { AUTHORIZATION } from '../support/token.ts';
import { startStack, type GatewayStack } from './gateway-stack.ts';

let stack: GatewayStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/** The built Worker, over HTTP. */
const audits = serverAudits({
  url: () => `${stack.gateway.url}/graphql`,
  async fetchFn(url: string, init: RequestInit = {}) {
    const headers = new Headers(init.headers);
    headers.set('authorization', AUTHORIZATION);
    return fetch(url, { ...init, headers });
  },
});

describe('GraphQL over HTTP', () => {
  it('is checked by all audits of graphql-http', ({ expect }) => {
    expect(audits).toHaveLength(61);
  });

  it.for(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    'passes audit %s: %s',
    async ([, , audit], { expect }) => {
      expect(await audit.fn()).toMatchObject({ status: 'ok' });
    },
  );
});
