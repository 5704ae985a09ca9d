import { describe, it } from 'vitest';
import { monthOf } from '../../src/domain/cost.ts';
import { GatewayError } from '../../src/errors.ts';
import { createUpstream, type Answer } from '../kling/support.ts';
import { withParts } from '../support/ledger-parts.ts';

/** Responses of an edge before Kling, without Kling's envelope, and their effect on paid calls in the ledger's real storage. */

const HTML = '<html><head><title>edge</title></head></html>';
const edge = (status: number): Answer => ({ status, body: HTML });

const REFUSED = [400, 401, 403, 404, 405, 413, 414, 415, 422, 429] as const;
const UNKNOWN = [200, 408, 425, 499, 500, 502, 503, 504] as const;

const SCAN: Answer = JSON.stringify({
  code: 0,
  request_id: 'r',
  data: { session_id: 's', face_data: [], final_unit_deduction: '0.05' },
});
const SPEECH: Answer = JSON.stringify({
  code: 0,
  request_id: 'r',
  data: { task_id: 't', task_status: 'succeed', task_result: { audios: [{ id: 'a', url: 'https://example.com/a' }] } },
});

const calls = {
  identifyFaces: { path: '/v1/videos/identify-face', answer: SCAN },
  synthesizeSpeech: { path: '/v1/audio/tts', answer: SPEECH },
} as const;

const cases = (statuses: readonly number[]) =>
  statuses.flatMap((status) => (['identifyFaces', 'synthesizeSpeech'] as const).map((method) => ({ status, method })));

async function withPaidCall(
  { status, method }: { status: number; method: keyof typeof calls },
  work: (given: {
    readonly call: (key: string | null) => Promise<unknown>;
    readonly sent: () => number;
    readonly unanswered: () => number;
  }) => Promise<void>,
): Promise<void> {
  const { client, requests } = createUpstream([edge(status), calls[method].answer]);
  await withParts(`paid ${method} ${status}`, { kling: client }, async ({ paidCalls, deps }) => {
    const ask = {
      identifyFaces: (key: string | null) => paidCalls.identifyFaces({ video: { klingVideoId: '1' } }, key),
      synthesizeSpeech: (key: string | null) =>
        paidCalls.synthesizeSpeech({ speech: { text: 'Hello', klingVoiceId: 'v', language: 'en', speed: 1 } }, key),
    };
    await work({
      call: ask[method],
      sent: () => requests.length,
      unanswered: () => deps.paidCalls.unansweredIn(monthOf(deps.now())),
    });
  });
}

async function errorOf(call: Promise<unknown>): Promise<GatewayError> {
  const error = await call.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (error instanceof GatewayError) return error;
  throw new Error('expected a GatewayError', { cause: error });
}

describe('a paid call that an edge refuses', () => {
  it.for(cases(REFUSED))('frees the key of $method after HTTP $status', async ({ status, method }, { expect }) => {
    await withPaidCall({ status, method }, async ({ call, sent, unanswered }) => {
      const { failure } = await errorOf(call('k'));
      expect(failure.message).toContain(`HTTP ${status}`);
      expect(failure.message).toContain('nothing was made or charged');
      expect(failure.retryable).toBe(status === 429);
      expect(unanswered()).toBe(0);
      await call('k');
      expect(sent()).toBe(2);
    });
  });
});

describe('a paid call of unknown outcome', () => {
  it.for(cases(UNKNOWN))(
    'is not sent again for the same key of $method after HTTP $status',
    async ({ status, method }, { expect }) => {
      await withPaidCall({ status, method }, async ({ call, sent, unanswered }) => {
        expect((await errorOf(call('k'))).failure).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: false });
        expect((await errorOf(call('k'))).failure.message).toContain('use another external id');
        expect([sent(), unanswered()]).toEqual([1, 1]);
        await call('another key');
        expect(sent()).toBe(2);
      });
    },
  );
});
