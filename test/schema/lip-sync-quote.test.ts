import { beforeEach, describe, it } from 'vitest';
import { badUserInput, GatewayError, toGatewayError } from '../../src/errors.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { lipSyncTask } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

let client: ReturnType<typeof createGraphqlClient>;
beforeEach(() => {
  client = createGraphqlClient();
});

const QUOTE = `query ($input: CreateLipSyncTaskInput!) { lipSyncQuote(input: $input) {
  __typename
  ... on LipSyncQuote { units usd placement { audioStartMs audioEndMs insertAtMs } }
  ... on Failure { code }
  ... on InvalidInputError { issues { code path } }
  ... on ConflictError { existing { id } }
  ... on QuotaExhaustedError { limit unitsNeeded unitsLeft } } }`;
const CREATE =
  'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { ... on LipSyncTask { id } } }';
const INPUT = {
  face: { faceId: encodeGlobalId('Face', 'scan-1:0') },
  audio: { speechId: encodeGlobalId('Speech', 'audio-1') },
  placement: { audioEndMs: 3000, insertAtMs: 1000 },
  label: 'Birthday',
};

describe('lipSyncQuote', () => {
  it('asks the ledger about the input that createLipSyncTask would write', async ({ expect }) => {
    const { data } = await client.execute(QUOTE, { input: INPUT });
    expect(data.lipSyncQuote).toEqual({
      __typename: 'LipSyncQuote',
      units: '1.5',
      usd: '0.21',
      placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
    });
    await client.execute(CREATE, { input: INPUT });
    const [[asked, quoted], [, written]] = client.ledger.calls as [[string, unknown], [string, unknown]];
    expect([asked, quoted]).toEqual(['lipSyncQuote', written]);
  });

  it.for([
    [
      'InvalidInputError',
      badUserInput([{ path: ['input', 'face', 'faceId'], code: 'EXPIRED', message: 'm' }]),
      {
        code: 'BAD_USER_INPUT',
        issues: [{ code: 'EXPIRED', path: ['input', 'face', 'faceId'] }],
      },
    ],
    [
      'ConflictError',
      toGatewayError({ code: 'CONFLICT', message: 'm', retryable: false, existing: { type: 'LIP_SYNC', id: 'l1' } }),
      {
        code: 'CONFLICT',
        existing: { id: encodeGlobalId('LipSyncTask', 'l1') },
      },
    ],
    [
      'QuotaExhaustedError',
      toGatewayError({
        code: 'QUOTA_EXHAUSTED',
        message: 'm',
        retryable: false,
        quota: { limit: 'TENANT_BUDGET', unitsNeeded: '1', unitsLeft: '0.5' },
      }),
      {
        code: 'QUOTA_EXHAUSTED',
        limit: 'TENANT_BUDGET',
        unitsNeeded: '1',
        unitsLeft: '0.5',
      },
    ],
  ] as const)('answers with a %s as data', async ([__typename, failure, shown], { expect }) => {
    client.ledger.tasksKept = [lipSyncTask('l1')];
    client.ledger.failure = failure;
    const { data, errors } = await client.execute(QUOTE, { input: INPUT });
    expect(errors).toBeUndefined();
    expect(data.lipSyncQuote).toEqual({ __typename, ...shown });
  });

  it('is null beside a top-level error for a queue without room', async ({ expect }) => {
    client.ledger.failure = new GatewayError({ code: 'RATE_LIMITED', message: 'm', retryable: true });
    const { data, errors } = await client.execute(QUOTE, { input: INPUT });
    expect(data).toEqual({ lipSyncQuote: null });
    expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
  });
});
