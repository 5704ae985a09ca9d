import { describe, it } from 'vitest';
import created from '../fixtures/kling/lip-sync-created.json?raw';
import processing from '../fixtures/kling/lip-sync-processing.json?raw';
import { createUpstream, IDENTITY, klingErrorOf, LIP_SYNC, refusal, TIMEOUT_MS } from './support.ts';

const NEVER = new Promise<Response>(() => {});

describe('the deadline of an exchange', () => {
  it('ends a request without an answer, even if fetch ignores its signal', async ({ expect }) => {
    const upstream = createUpstream([
      async () => {
        upstream.expire();
        return NEVER;
      },
      processing,
    ]);
    const { failure, outcome } = await klingErrorOf(upstream.client.readLipSyncTask('1'));
    expect(failure).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'Kling did not answer in time.',
      retryable: true,
      isFromKling: true,
    });
    expect(outcome).toBe('UNKNOWN');
    expect([upstream.requests.length, upstream.waitsMs]).toEqual([1, []]);
    expect(upstream.requests[0]?.init.signal?.aborted).toBe(true);
    expect(upstream.events).toMatchObject([{ outcome: 'TIMEOUT', httpStatus: null }]);
  });

  it('does not abort the request if that ends by itself', async ({ expect }) => {
    const upstream = createUpstream(
      [
        async () => {
          upstream.expire();
          return NEVER;
        },
      ],
      { aborts: false },
    );
    const { failure } = await klingErrorOf(upstream.client.readLipSyncTask('1'));
    expect(failure.message).toBe('Kling did not answer in time.');
    expect(upstream.requests[0]?.init.signal).toBeUndefined();
    expect(upstream.events).toMatchObject([{ outcome: 'TIMEOUT', httpStatus: null }]);
  });

  it('cancels an endless body, and leaves a create unknown', async ({ expect }) => {
    let given = false;
    const upstream = createUpstream([
      async () => {
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{"code":0,')),
          pull() {
            upstream.expire();
            return new Promise(() => {});
          },
          cancel() {
            given = true;
          },
        });
        return new Response(body);
      },
      created,
    ]);
    const { failure, outcome } = await klingErrorOf(upstream.client.createLipSyncTask(LIP_SYNC, IDENTITY));
    expect([failure.code, failure.retryable, outcome]).toEqual(['UPSTREAM_UNAVAILABLE', false, 'UNKNOWN']);
    expect(failure.message).toBe('Kling did not answer in time. Kling may have acted on the request all the same.');
    expect(given).toBe(true);
    expect(upstream.events).toMatchObject([{ outcome: 'TIMEOUT', httpStatus: 200 }]);
  });

  it('includes the waits between attempts', async ({ expect }) => {
    const upstream = createUpstream([refusal(1302, 429), processing], {
      async sleep() {
        upstream.expire();
        return new Promise(() => {});
      },
    });
    const { failure } = await klingErrorOf(upstream.client.readLipSyncTask('1'));
    expect(failure.klingCode).toBe(1302);
    expect(upstream.requests).toHaveLength(1);
  });

  it('leaves no timer after the exchange', async ({ expect }) => {
    const timers: string[] = [];
    const { client } = createUpstream([processing, refusal(1200, 400)], {
      startTimer(ms) {
        timers.push(`${ms} ms`);
        return () => timers.push('stopped');
      },
    });
    await client.readLipSyncTask('1');
    await klingErrorOf(client.readLipSyncTask('1'));
    expect(timers).toEqual([`${TIMEOUT_MS} ms`, 'stopped', `${TIMEOUT_MS} ms`, 'stopped']);
  });
});

describe('a caller that aborts', () => {
  it('ends the exchange, and leaves a sent create unknown', async ({ expect }) => {
    const caller = new AbortController();
    const { client, events } = createUpstream([
      async () => {
        caller.abort();
        return NEVER;
      },
    ]);
    const { failure, outcome } = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY, caller.signal));
    expect([failure.code, failure.retryable, outcome]).toEqual(['UPSTREAM_UNAVAILABLE', false, 'UNKNOWN']);
    expect(events).toMatchObject([{ outcome: 'CANCELLED' }]);
  });

  it('sends nothing if it aborts before the first send', async ({ expect }) => {
    const { client, requests } = createUpstream([created]);
    const { failure, outcome } = await klingErrorOf(client.createLipSyncTask(LIP_SYNC, IDENTITY, AbortSignal.abort()));
    expect([failure.retryable, outcome, requests.length]).toEqual([true, 'REFUSED', 0]);
  });
});
