import { describe, it } from 'vitest';
import balance from '../fixtures/kling/balance-not-enough.json?raw';
import exists from '../fixtures/kling/external-id-exists.json?raw';
import garbageKey from '../fixtures/kling/garbage-key.json?raw';
import parallel from '../fixtures/kling/parallel-limit.json?raw';
import parameter from '../fixtures/kling/parameter-refused.json?raw';
import notFound from '../fixtures/kling/task-not-found.json?raw';
import { createUpstream, IDENTITY, klingErrorOf, LIP_SYNC, refusal, VOICE } from './support.ts';

/** Kling's code, HTTP status, error code, retryable for a read, retryable for a create, outcome of a create. */
const TABLE = [
  [1000, 401, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [1001, 401, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [1002, 401, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [1003, 401, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [1004, 401, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [1100, 429, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [1101, 429, 'QUOTA_EXHAUSTED', false, false, 'REFUSED'],
  [1102, 429, 'QUOTA_EXHAUSTED', false, false, 'REFUSED'],
  [1103, 403, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [1200, 400, 'BAD_USER_INPUT', false, false, 'REFUSED'],
  [1201, 400, 'BAD_USER_INPUT', false, false, 'REFUSED'],
  [1202, 404, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [1203, 404, 'NOT_FOUND', false, false, 'REFUSED'],
  [1300, 400, 'CONTENT_REJECTED', false, false, 'REFUSED'],
  [1301, 400, 'CONTENT_REJECTED', false, false, 'REFUSED'],
  [1302, 429, 'RATE_LIMITED', true, true, 'REFUSED'],
  [1303, 429, 'RATE_LIMITED', true, true, 'REFUSED'],
  [1304, 429, 'UPSTREAM_MISCONFIGURED', false, false, 'REFUSED'],
  [5000, 500, 'UPSTREAM_UNAVAILABLE', true, false, 'UNKNOWN'],
  [5001, 503, 'UPSTREAM_UNAVAILABLE', true, false, 'UNKNOWN'],
  [5002, 504, 'UPSTREAM_UNAVAILABLE', true, false, 'UNKNOWN'],
  // Undocumented codes are classified by band and HTTP status.
  [1299, 400, 'UPSTREAM_UNAVAILABLE', false, false, 'REFUSED'],
  [1399, 429, 'UPSTREAM_UNAVAILABLE', false, false, 'REFUSED'],
  [1299, 200, 'UPSTREAM_UNAVAILABLE', false, false, 'UNKNOWN'],
  [1299, 500, 'UPSTREAM_UNAVAILABLE', true, false, 'UNKNOWN'],
  [5999, 200, 'UPSTREAM_UNAVAILABLE', true, false, 'UNKNOWN'],
  [7777, 400, 'UPSTREAM_UNAVAILABLE', false, false, 'UNKNOWN'],
  [-1, 502, 'UPSTREAM_UNAVAILABLE', true, false, 'UNKNOWN'],
] as const;

describe('a business code', () => {
  it.for(TABLE)(
    'maps %i with HTTP %i to %s',
    async ([code, status, product, onRead, onCreate, outcome], { expect }) => {
      const { client, requests } = createUpstream(Array.from({ length: 9 }, () => refusal(code, status)));

      const create = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY));
      expect(create.failure).toMatchObject({ code: product, retryable: onCreate, klingCode: code });
      expect(create.failure.klingRequestId).toBe('req-refused');
      expect(create.outcome).toBe(outcome);
      expect(create.failure.message.includes('may have acted')).toBe(outcome === 'UNKNOWN');
      expect(requests).toHaveLength(1);

      const read = await klingErrorOf(client.readLipSyncTask('1'));
      expect(read.failure).toMatchObject({ code: product, retryable: onRead, klingCode: code });
      expect(requests).toHaveLength(1 + (onRead ? 3 : 1));
      if (product === 'RATE_LIMITED') expect(read.failure.retryAfterMs).toBeGreaterThanOrEqual(1000);
      else expect(read.failure.retryAfterMs).toBeUndefined();
    },
  );

  it('overrides the HTTP status: 200 may be a refusal, and 500 an answer', async ({ expect }) => {
    const answer = { status: 500, body: JSON.stringify({ code: 0, data: { task_id: 't', task_status: 'submitted' } }) };
    const { client } = createUpstream([refusal(1101, 200), answer]);
    expect((await klingErrorOf(client.createVoiceTask(VOICE, IDENTITY))).failure.code).toBe('QUOTA_EXHAUSTED');
    expect((await client.createVoiceTask(VOICE, IDENTITY)).klingTaskId).toBe('t');
  });
});

describe('a 1201 with another cause', () => {
  it('is NOT_FOUND for a missing task, without its id in the message', async ({ expect }) => {
    const { client } = createUpstream([{ status: 400, body: notFound }]);
    const { failure } = await klingErrorOf(client.readVoiceTask('kgw_secret_of_another'));
    expect(failure).toEqual({
      code: 'NOT_FOUND',
      message: 'Kling has no task under this id.',
      retryable: false,
      klingCode: 1201,
      klingRequestId: 'req-e-1',
      isFromKling: true,
    });
  });

  it('is CONFLICT for an external id that exists', async ({ expect }) => {
    const { client, requests } = createUpstream([{ status: 400, body: exists }]);
    const { failure, outcome } = await klingErrorOf(client.createVoiceTask(VOICE, IDENTITY));
    expect([failure.code, failure.retryable, outcome, requests.length]).toEqual(['CONFLICT', false, 'REFUSED', 1]);
  });
});

describe("Kling's text in a message", () => {
  it('is quoted if the caller can correct the input', async ({ expect }) => {
    const { client } = createUpstream([{ status: 400, body: parameter }]);
    const { failure } = await klingErrorOf(client.createVoiceTask(VOICE, IDENTITY));
    expect(failure.message).toBe(
      'Kling refused a parameter. Kling says: input.voiceSpeed: must be less than or equal to 2.0',
    );
  });

  it.for([
    ['balance', { status: 429, body: balance }, 'QUOTA_EXHAUSTED', 'Account balance'],
    ['limit', { status: 429, body: parallel }, 'RATE_LIMITED', 'parallel task'],
    ['key', { status: 401, body: garbageKey }, 'UPSTREAM_MISCONFIGURED', '3 parts'],
  ] as const)('is not quoted if it is about the gateway: %s', async ([, answer, code, text], { expect }) => {
    const { client } = createUpstream([answer]);
    const { failure } = await klingErrorOf(client.createVoiceTask(VOICE, IDENTITY));
    expect(failure.code).toBe(code);
    expect(failure.message).not.toContain(text);
  });

  it('is one line, without control and format characters, cut to length', async ({ expect }) => {
    const { client } = createUpstream([refusal(1201, 400, `a\u0000b\r\n\u202ec\ud800 ${'x'.repeat(5000)}`)]);
    const { message } = (await klingErrorOf(client.createVoiceTask(VOICE, IDENTITY))).failure;
    expect(message).toMatch(/^Kling refused a parameter\. Kling says: a b c\ufffd x+…$/);
    expect(message.length).toBeLessThan(400);
  });

  it('is replaced by the kind of credential and the host for 1002, without the secret', async ({ expect }) => {
    const withKey = createUpstream([{ status: 401, body: garbageKey }]);
    const { message } = (await klingErrorOf(withKey.client.readVoiceTask('1'))).failure;
    expect(message).toContain('the static API key to api.kling.test');
    expect(message).toMatch(/looks the same\.$/);
    expect(message).not.toContain('3 parts');
    expect(message).not.toContain('key-for-tests');

    const credentials = { accessKey: 'ak-of-test', secretKey: 'sk-of-test' };
    const withPair = createUpstream([{ status: 401, body: garbageKey }], { credentials });
    const other = (await klingErrorOf(withPair.client.readVoiceTask('1'))).failure.message;
    expect(other).toContain('signed with the AccessKey and SecretKey to api.kling.test');
    expect(other).not.toMatch(/ak-of-test|sk-of-test/);
  });
});
