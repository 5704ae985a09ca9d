import { describe, it } from 'vitest';
import { startTimer, type StartTimer } from '../../src/lib/time.ts';
import { ANSWER_BYTES_KEPT, createSend } from '../../src/webhooks/queue.ts';
import { answerWith, inboxOf, newBox, verified } from '../support/webhooks.ts';

const SECRETS = ['whsec_bmV3LXNlY3JldC1vZi10aGUtdGVzdHM=', 'whsec_b2xkLXNlY3JldC1vZi10aGUtdGVzdHM='];

async function attempt(answer: string | number, start: StartTimer = startTimer) {
  const { url, name } = newBox();
  await answerWith(name, answer);
  const send = createSend({ fetch: (...call) => fetch(...call), now: Date.now, startTimer: start });
  const sent = await send({ url, id: 'msg_1', body: '{"type":"webhook.test"}', secrets: SECRETS });
  return { result: sent.attempt, retryAfterMs: sent.retryAfterMs, inbox: await inboxOf(name) };
}

/** Ends at once, as if 10 s had passed. */
const atOnce: StartTimer = (_ms, onTime) => startTimer(300, onTime);

describe('an attempt', () => {
  it('is signed with every secret, so that a receiver with either verifies it', async ({ expect }) => {
    const { result, inbox } = await attempt(204);
    expect(result).toMatchObject({ responseStatus: 204, responseBody: '', error: null });
    expect(inbox[0]?.headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const secret of SECRETS) expect(verified(inbox[0]!, secret)).toEqual({ type: 'webhook.test' });
    expect(() => verified(inbox[0]!, 'whsec_YW5vdGhlci1zZWNyZXQtb2YtdGhlLXRlc3Rz')).toThrow('No matching signature');
    expect(() => verified({ ...inbox[0]!, body: '{}' }, SECRETS[0]!)).toThrow('No matching signature');
  });

  it('follows no redirect', async ({ expect }) => {
    const { result } = await attempt('redirect');
    expect(result).toMatchObject({ responseStatus: 302, error: null });
    expect(await inboxOf('redirected')).toEqual([]);
  });

  it('returns the wait that a receiver asks for, if it does', async ({ expect }) => {
    expect((await attempt('503 retry-after 120')).retryAfterMs).toBe(120_000);
    expect((await attempt(503)).retryAfterMs).toBeNull();
  });

  it('keeps 1,024 bytes of an answer of a megabyte', async ({ expect }) => {
    const { result } = await attempt('large');
    expect(result).toMatchObject({ responseStatus: 200, responseBody: 'a'.repeat(ANSWER_BYTES_KEPT), error: null });
  });

  it.for(['hang', 'slow body'])('ends when a receiver does not answer in time: %s', async (answer, { expect }) => {
    const { result } = await attempt(answer, atOnce);
    expect(result).toMatchObject({ responseStatus: null, responseBody: null, error: 'No answer within 10 s.' });
  });

  it('reports a connection that fails, without the URL', async ({ expect }) => {
    const send = createSend({
      fetch: async (url) => {
        throw new Error(`cannot reach ${url}`);
      },
      now: Date.now,
      startTimer,
    });
    const { attempt: result } = await send({
      url: 'https://receiver.test/?token=secret',
      id: 'm',
      body: '',
      secrets: [],
    });
    expect(result).toMatchObject({ responseStatus: null, error: 'The connection failed.' });
  });
});
