import { serverAudits } from 'graphql-http';
import { describe, it } from 'vitest';
import { createGraphqlClient, URL_OF_GRAPHQL } from './support/graphql-client.ts';

const { fetchGraphql } = createGraphqlClient();
const audits = serverAudits({ url: URL_OF_GRAPHQL, fetchFn: fetchGraphql });

describe('GraphQL over HTTP', () => {
  it('is audited whole', ({ expect }) => {
    expect(audits).toHaveLength(61);
  });

  it.for(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async ([, , audit], { expect }) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
  });
});
