import { decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, it } from 'vitest';
import processing from '../fixtures/kling/lip-sync-processing.json?raw';
import created from '../fixtures/kling/lip-sync-created.json?raw';
import { createCredentials } from '../../src/kling/transport.ts';
import { createUpstream, IDENTITY, klingErrorOf, LIP_SYNC, refusal, STARTED_AT_MS } from './support.ts';

const PAIR = { accessKey: 'ak-of-test', secretKey: 'sk-of-test' };

function headerOf(init: RequestInit): string {
  return new Headers(init.headers).get('authorization') ?? '';
}

describe('a minted token', () => {
  it('carries what Kling documents, signed with the SecretKey', async ({ expect }) => {
    const token = await createCredentials(PAIR, () => STARTED_AT_MS + 999).token();
    const startedAtS = STARTED_AT_MS / 1000;
    const { payload } = await jwtVerify(token, new TextEncoder().encode('sk-of-test'), {
      currentDate: new Date(STARTED_AT_MS),
    });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(payload).toEqual({ iss: 'ak-of-test', exp: startedAtS + 1800, nbf: startedAtS - 300 });
  });

  it('is minted once for a hundred concurrent calls', async ({ expect }) => {
    let reads = 0;
    const credentials = createCredentials(PAIR, () => STARTED_AT_MS + reads++ * 1000);
    const tokens = await Promise.all(Array.from({ length: 100 }, () => credentials.token()));
    expect(new Set(tokens).size).toBe(1);
    expect(reads).toBe(1);
  });

  it('is replaced a minute before its end', async ({ expect }) => {
    let nowMs = STARTED_AT_MS;
    const credentials = createCredentials(PAIR, () => nowMs);
    const first = await credentials.token();
    nowMs = STARTED_AT_MS + 1_740_000 - 1;
    expect(await credentials.token()).toBe(first);
    nowMs += 1;
    const second = await credentials.token();
    expect(second).not.toBe(first);
    expect(await credentials.token()).toBe(second);
  });

  it('is dropped once if many calls are refused with it', async ({ expect }) => {
    let nowMs = STARTED_AT_MS;
    const credentials = createCredentials(PAIR, () => nowMs);
    const refused = await credentials.token();
    nowMs += 1000;
    credentials.drop(refused);
    const fresh = await credentials.token();
    credentials.drop(refused);
    nowMs += 1000;
    expect(await credentials.token()).toBe(fresh);
  });

  it('is minted again by the next call after a failure, and nothing is sent', async ({ expect }) => {
    let nowMs = Number.NaN;
    const credentials = createCredentials(PAIR, () => nowMs);
    await expect(credentials.token()).rejects.toThrow();
    nowMs = STARTED_AT_MS;
    expect(await credentials.token()).toMatch(/^ey/);
  });
});

describe('invalid keys', () => {
  it.for([
    { accessKey: 'ak', secretKey: '' },
    { accessKey: '', secretKey: 'sk' },
    { apiKey: '' },
    { apiKey: 'sec ret\n' },
  ])('send nothing and cause no retry: %j', async (credentials, { expect }) => {
    const { client, requests, events } = createUpstream([], { credentials });
    const { failure, outcome, cause } = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY));
    expect([failure.code, failure.retryable, outcome]).toEqual(['UPSTREAM_MISCONFIGURED', false, 'REFUSED']);
    expect(String(cause)).not.toContain('sec ret');
    expect([requests.length, events.length]).toEqual([0, 0]);
  });
});

describe('a token that Kling refuses as expired or not yet valid', () => {
  it.for([1003, 1004])('is replaced and the call sent once more, creates included: %i', async (code, { expect }) => {
    const upstream = createUpstream(
      [
        async () => {
          upstream.advance(1000);
          return new Response(JSON.stringify({ code, message: '' }), { status: 401 });
        },
        created,
      ],
      { credentials: PAIR },
    );
    const { client, requests, events } = upstream;
    expect((await client.createLipSyncTask(LIP_SYNC, IDENTITY)).status).toBe('SUBMITTED');
    expect(new Set(requests.map(({ init }) => headerOf(init))).size).toBe(2);
    expect(events.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'REFUSED'],
      [2, 'OK'],
    ]);
  });

  it('ends the call after the second refusal', async ({ expect }) => {
    const { client, requests } = createUpstream([refusal(1004, 401), refusal(1004, 401), created], {
      credentials: PAIR,
    });
    const { failure, outcome } = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY));
    expect([failure.code, failure.klingCode, outcome]).toEqual(['UPSTREAM_MISCONFIGURED', 1004, 'REFUSED']);
    expect(requests).toHaveLength(2);
  });

  it('is not sent again if it is a static key', async ({ expect }) => {
    const { client, requests } = createUpstream([refusal(1004, 401), processing]);
    await klingErrorOf(client.readLipSyncTask('1'));
    expect(requests).toHaveLength(1);
  });

  it('takes no attempt from a read', async ({ expect }) => {
    const answers = [refusal(1003, 401), refusal(5000, 500), refusal(5000, 500), processing];
    const { client, requests } = createUpstream(answers, { credentials: PAIR });
    expect((await client.readLipSyncTask('1')).status).toBe('PROCESSING');
    expect(requests.every(({ init }) => headerOf(init).startsWith('Bearer ey'))).toBe(true);
  });
});

const answered = (code: number, skewMs: number) => async () =>
  new Response(JSON.stringify({ code, message: 'no' }), {
    status: 401,
    headers: { date: new Date(STARTED_AT_MS - skewMs).toUTCString() },
  });

describe("a clock that differs from Kling's", () => {
  it.for([
    [1003, -301_000, "The gateway's clock is 301 s behind Kling's"],
    [1004, 3_600_000, "The gateway's clock is 3600 s ahead of Kling's"],
    [1004, 61_000, "The gateway's clock is 61 s ahead of Kling's"],
  ] as const)('is in the error of code %i and in the log: %i ms', async ([code, skewMs, text], { expect }) => {
    const answers = [answered(code, skewMs), answered(code, skewMs)];
    const { client, events, requests } = createUpstream(answers, { credentials: PAIR });
    const { failure } = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY));
    expect(failure).toMatchObject({ code: 'UPSTREAM_MISCONFIGURED', klingCode: code });
    expect(failure.message).toContain(text);
    expect(events.map((event) => event.clockSkewMs)).toEqual([skewMs, skewMs]);
    const shown = JSON.stringify([failure, events]);
    for (const { init } of requests) expect(shown).not.toContain(headerOf(init).slice('Bearer '.length));
  });

  it.for([
    [1004, answered(1004, 60_000)],
    [1003, answered(1003, -60_000)],
    [1002, answered(1002, 3_600_000)],
    [1004, refusal(1004, 401)],
    [1004, async () => new Response('{"code":1004}', { status: 401, headers: { date: 'yesterday' } })],
  ] as const)('is not in the error of %i if it is small, unrelated or unknown', async ([, answer], { expect }) => {
    const { client, events } = createUpstream([answer, answer], { credentials: PAIR });
    const { failure } = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY));
    expect(failure.message).not.toContain('clock');
    expect(events.some((event) => 'clockSkewMs' in event)).toBe(false);
  });
});
