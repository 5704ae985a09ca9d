import { describe, it } from 'vitest';
import created from '../fixtures/kling/lip-sync-created.json?raw';
import { createUpstream, IDENTITY, klingErrorOf, LIP_SYNC, SPEECH, VOICE } from './support.ts';
import type { Answer } from './support.ts';

/** The errors of creates that get an answer without an envelope: status, code, outcome, retryable. */
const TABLE = [
  [400, 'BAD_USER_INPUT', 'REFUSED', false],
  [401, 'UPSTREAM_MISCONFIGURED', 'REFUSED', false],
  [403, 'UPSTREAM_MISCONFIGURED', 'REFUSED', false],
  [404, 'UPSTREAM_MISCONFIGURED', 'REFUSED', false],
  [405, 'UPSTREAM_MISCONFIGURED', 'REFUSED', false],
  [413, 'BAD_USER_INPUT', 'REFUSED', false],
  [414, 'UPSTREAM_MISCONFIGURED', 'REFUSED', false],
  [415, 'UPSTREAM_MISCONFIGURED', 'REFUSED', false],
  [422, 'BAD_USER_INPUT', 'REFUSED', false],
  [429, 'RATE_LIMITED', 'REFUSED', true],
  [200, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [202, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [302, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [402, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [406, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [408, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [409, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [410, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [425, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [499, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [500, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [502, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [503, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
  [504, 'UPSTREAM_UNAVAILABLE', 'UNKNOWN', false],
] as const;

const HTML = '<html><head><title>nginx</title></head></html>';
const BODIES: readonly (readonly [string, (status: number) => Answer])[] = [
  ['HTML', (status) => ({ status, body: HTML })],
  [
    'a Spring body',
    (status) => ({ status, body: `{"timestamp":"2026-11-01","status":${status},"error":"x","path":"/v1"}` }),
  ],
  ['nothing', (status) => ({ status, body: '' })],
  ['text', (status) => ({ status, body: 'error code: 1020' })],
  ['a body that breaks off', (status) => async () => new Response(brokenBody(), { status })],
];

function brokenBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.error(new TypeError('connection reset')) });
}

describe.for(BODIES)('an answer of %s', ([, answerOf]) => {
  it.for(TABLE)('with HTTP %i makes a create %s, %s', async ([status, code, outcome, retryable], { expect }) => {
    const { client, requests, events } = createUpstream([answerOf(status), created]);
    const error = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY));
    expect([error.failure.code, error.outcome, error.failure.retryable]).toEqual([code, outcome, retryable]);
    expect(error.failure.klingCode).toBeUndefined();
    expect(error.failure.message.includes('may have acted')).toBe(outcome === 'UNKNOWN');
    expect(error.failure.message.includes(`HTTP ${status}`)).toBe(outcome === 'REFUSED');
    expect(error.failure.message).not.toMatch(/nginx|1020|reset/);
    expect(requests).toHaveLength(1);
    expect(events[0]).toMatchObject({ httpStatus: status, klingCode: null });
    expect(events[0]?.outcome === 'REFUSED').toBe(outcome === 'REFUSED');
  });
});

describe('an edge that refuses', () => {
  it.for(['createVoiceTask', 'deleteVoice', 'identifyFaces', 'synthesizeSpeech'] as const)(
    'refuses %s permanently, after one attempt',
    async (method, { expect }) => {
      const { client, requests } = createUpstream([{ status: 413, body: HTML }]);
      const calls = {
        createVoiceTask: () => client.createVoiceTask(VOICE, IDENTITY),
        deleteVoice: () => client.deleteVoice('1'),
        identifyFaces: () => client.identifyFaces({ video: { videoId: '1' } }),
        synthesizeSpeech: () => client.synthesizeSpeech(SPEECH),
      };
      const { failure, outcome } = await klingErrorOf(calls[method]());
      expect([failure.code, failure.retryable, outcome]).toEqual(['BAD_USER_INPUT', false, 'REFUSED']);
      expect(failure.message).toContain('too large');
      expect(requests).toHaveLength(1);
    },
  );

  it('does not report a missing task for a read with 404', async ({ expect }) => {
    const { client, requests } = createUpstream([{ status: 404, body: HTML }]);
    expect((await klingErrorOf(client.readVoiceTask('1'))).failure.code).toBe('UPSTREAM_MISCONFIGURED');
    expect(requests).toHaveLength(1);
  });

  it('causes a later retry of a read with 429', async ({ expect }) => {
    const { client, waitsMs } = createUpstream([{ status: 429, body: HTML }, created]);
    await client.readLipSyncTask('1');
    expect(waitsMs).toEqual([1500]);
  });

  it('causes an error that names the credential and the host for 403, never the secret', async ({ expect }) => {
    const { client } = createUpstream([{ status: 403, body: HTML }]);
    const { message } = (await klingErrorOf(client.createVoiceTask(VOICE, IDENTITY))).failure;
    expect(message).toContain('the static API key to api.kling.test');
    expect(message).not.toContain('key-for-tests');
  });

  it('is ignored if the answer has a code of Kling’s', async ({ expect }) => {
    const body = JSON.stringify({ code: 5000, message: 'x', request_id: 'r' });
    const { client } = createUpstream([{ status: 400, body }]);
    expect((await klingErrorOf(client.createVoiceTask(VOICE, IDENTITY))).outcome).toBe('UNKNOWN');
  });
});
