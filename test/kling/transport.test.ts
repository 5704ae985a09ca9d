import { describe, it } from 'vitest';
import badGateway from '../fixtures/kling/bad-gateway.txt?raw';
import cutOff from '../fixtures/kling/cut-off.txt?raw';
import created from '../fixtures/kling/lip-sync-created.json?raw';
import processing from '../fixtures/kling/lip-sync-processing.json?raw';
import { sleep, startTimer } from '../../src/lib/time.ts';
import { createUpstream, HOST, IDENTITY, klingErrorOf, LIP_SYNC, refusal, SPEECH, VOICE } from './support.ts';
import type { Answer } from './support.ts';

const BROKEN: Answer = async () => {
  throw new TypeError('connection reset');
};

const UNREADABLE: readonly (readonly [string, Answer])[] = [
  ['HTML', { status: 502, body: badGateway }],
  ['HTML with 200', badGateway],
  ['cut off JSON', cutOff],
  ['an empty body', ''],
  ['white space', ' \n'],
  ['a number', '17'],
  ['null', 'null'],
  ['a list', '[]'],
  ['no code', '{"message":"x"}'],
  ['a code in words', '{"code":"SUCCESS","data":{"task_id":"1"}}'],
  ['no body', async () => new Response(null, { status: 200 })],
  ['no task id', '{"code":0,"data":{}}'],
  ['no data', '{"code":0}'],
  ['a redirect', async () => new Response(created, { status: 302, headers: { location: 'https://elsewhere.test/' } })],
  ['a body without end', async () => new Response(endlessBody())],
];

/** A body far over the limit, produced while it is read. */
function endlessBody(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(4 * 1024 * 1024).fill(32);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

describe('an unreadable answer', () => {
  it.for(UNREADABLE)('causes a retry of a read: %s', async ([, answer], { expect }) => {
    const { client, requests, events } = createUpstream([answer, processing]);
    expect((await client.readLipSyncTask('1')).status).toBe('PROCESSING');
    expect(requests).toHaveLength(2);
    expect(events.map(({ outcome }) => outcome)).toEqual(['UNREADABLE', 'OK']);
  });

  it.for(UNREADABLE)('leaves a create unknown, without a retry: %s', async ([, answer], { expect }) => {
    const { client, requests } = createUpstream([answer, created]);
    const { failure, outcome } = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY));
    expect([failure.code, failure.retryable, outcome]).toEqual(['UPSTREAM_UNAVAILABLE', false, 'UNKNOWN']);
    expect(failure.message).toMatch(/^Kling's answer cannot be read: .+may have acted/);
    expect(requests).toHaveLength(1);
  });

  it('is never quoted', async ({ expect }) => {
    const { client } = createUpstream(['{"secret": oops']);
    const error = await klingErrorOf(client.createVoiceTask(VOICE, IDENTITY));
    expect([error.message, String(error.cause)].join()).not.toMatch(/secret|oops/);
  });
});

describe('a read', () => {
  it.for([
    [1302, 429],
    [1303, 429],
    [5000, 500],
    [5001, 503],
    [5002, 504],
  ] as const)('is retried after a temporary %i', async ([code, status], { expect }) => {
    const { client, requests } = createUpstream([refusal(code, status), refusal(code, status), processing]);
    expect((await client.readLipSyncTask('1')).status).toBe('PROCESSING');
    expect(requests).toHaveLength(3);
  });

  it('is retried after a broken connection', async ({ expect }) => {
    const { client, events } = createUpstream([BROKEN, processing]);
    expect((await client.readLipSyncTask('1')).status).toBe('PROCESSING');
    expect(events[0]).toMatchObject({ outcome: 'NETWORK', httpStatus: null, klingCode: null });
  });

  it('waits at least a second after a rate limit, and longer the second time', async ({ expect }) => {
    const { client, waitsMs } = createUpstream([refusal(1302, 429), refusal(1303, 429), processing]);
    await client.readLipSyncTask('1');
    expect(waitsMs).toEqual([1500, 2000]);
  });

  it('waits a random time after a fault', async ({ expect }) => {
    const { client, waitsMs } = createUpstream([refusal(5000, 500), refusal(5000, 500), processing], {
      random: () => 0,
    });
    await client.readLipSyncTask('1');
    expect(waitsMs).toEqual([0, 0]);
  });

  it('throws the last error after the maximum number of attempts', async ({ expect }) => {
    const answers = [refusal(5000, 500), refusal(5001, 503), processing];
    const { client, requests } = createUpstream(answers, { readAttemptsMax: 2 });
    expect((await klingErrorOf(client.readLipSyncTask('1'))).failure.klingCode).toBe(5001);
    expect(requests).toHaveLength(2);
  });

  it('throws at once if the wait would end after the deadline', async ({ expect }) => {
    const { client, requests, waitsMs } = createUpstream([refusal(1302, 429), processing], { timeoutMs: 1200 });
    const { failure } = await klingErrorOf(client.readLipSyncTask('1'));
    expect(failure).toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs: 1000 });
    expect([requests.length, waitsMs]).toEqual([1, []]);
  });
});

describe('a call that acts', () => {
  it.for(['createVoiceTask', 'deleteVoice', 'identifyFaces', 'createLipSyncTask', 'synthesizeSpeech'] as const)(
    'is sent once after any failure: %s',
    async (method, { expect }) => {
      for (const answer of [refusal(1302, 429), refusal(5000, 500), BROKEN, badGateway]) {
        const { client, requests } = createUpstream([answer]);
        const calls = {
          createVoiceTask: () => client.createVoiceTask(VOICE, IDENTITY),
          deleteVoice: () => client.deleteVoice('1'),
          identifyFaces: () => client.identifyFaces({ video: { videoId: '1' } }),
          createLipSyncTask: () => client.createLipSyncTask(LIP_SYNC, IDENTITY),
          synthesizeSpeech: () => client.synthesizeSpeech(SPEECH),
        };
        const { failure, outcome } = await klingErrorOf(calls[method]());
        expect(requests).toHaveLength(1);
        expect(failure.retryable).toBe(outcome === 'REFUSED');
      }
    },
  );
});

describe('the client in workerd', () => {
  it('works with the unbound fetch and the timer of the platform', async ({ expect }) => {
    const platform = {
      fetch: globalThis.fetch,
      sleep,
      startTimer,
      now: Date.now,
      random: Math.random,
      timeoutMs: 30_000,
    };
    const { client, events } = createUpstream([], { ...platform, readAttemptsMax: 1 });
    const { failure } = await klingErrorOf(client.readLipSyncTask('1'));
    expect([failure.code, events[0]?.httpStatus, events[0]?.outcome]).toEqual([
      'UPSTREAM_UNAVAILABLE',
      599,
      'UNREADABLE',
    ]);
  });
});

describe('the base URL', () => {
  it('keeps its path, with or without a slash at its end', async ({ expect }) => {
    const { client, requests } = createUpstream([processing], { baseUrl: `${HOST}/proxy/` });
    await client.readLipSyncTask('1');
    expect(requests[0]?.url).toBe(`${HOST}/proxy/v1/videos/advanced-lip-sync/1`);
  });
});

describe('the log of an exchange', () => {
  it('gets one event per attempt, without secrets', async ({ expect }) => {
    const answers = [refusal(5000, 500, 'text of Kling'), processing];
    const { client, events } = createUpstream(answers, { credentials: { accessKey: 'ak-of-test', secretKey: 'sk' } });
    await client.readLipSyncTask('850');
    const event = { method: 'GET', path: '/v1/videos/advanced-lip-sync/850', durationMs: 0 };
    expect(events).toEqual([
      { ...event, httpStatus: 500, klingCode: 5000, klingRequestId: 'req-refused', attempt: 1, outcome: 'REFUSED' },
      { ...event, httpStatus: 200, klingCode: 0, klingRequestId: 'req-ls-3', attempt: 2, outcome: 'OK' },
    ]);
  });

  it('does not lose an answer if it throws', async ({ expect }) => {
    const { client } = createUpstream([created], {
      log() {
        throw new Error('disk full');
      },
    });
    expect((await client.createLipSyncTask(LIP_SYNC, IDENTITY)).status).toBe('SUBMITTED');
  });
});
