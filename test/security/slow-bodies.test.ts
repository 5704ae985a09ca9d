import { describe, it } from 'vitest';
import type { StartTimer } from '../../src/lib/time.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

type Client = ReturnType<typeof createGraphqlClient>;

const LIMITS = { bytesMax: 10_000, largeBytesMax: 100_000 };

/** The start of a large body. */
const START = `{"query": "${'a'.repeat(30_000)}`;

/** Creates a gateway whose timers fire at once if `isUp` returns true for their duration. */
function clientWhere(isUp: (ms: number) => boolean): Client {
  const startTimer: StartTimer = (ms, onTime) => {
    if (isUp(ms)) onTime();
    return () => {};
  };
  return createGraphqlClient({ limits: LIMITS, startTimer });
}

/** Posts a body that stops after its start. */
async function postStart(slow: Client, start: string, headers: Record<string, string> = {}) {
  const body = new ReadableStream({
    type: 'bytes',
    start: (controller) => controller.enqueue(new TextEncoder().encode(start)),
  });
  const response = await slow.post(body, headers);
  return { status: response.status, ...(await response.json<object>()) };
}

describe('a body that comes too slowly', () => {
  const REFUSED = {
    status: 408,
    errors: [{ message: 'The body did not arrive in time.', extensions: { code: 'BAD_USER_INPUT', retryable: false } }],
  };

  it('is refused after 15 s', async ({ expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 0);
    expect(await postStart(slow, '{"query": "')).toMatchObject(REFUSED);
    expect(times).toEqual([15_000]);
    expect(slow.logged).toEqual([]);
  });

  it.for<[name: string, headers: Record<string, string>]>([
    ['with', { 'content-length': '100000' }],
    ['without', {}],
  ])('gets 45 s more after its first 10,000 bytes, %s a large content-length', async ([, headers], { expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 1);
    expect(await postStart(slow, START, headers)).toMatchObject(REFUSED);
    expect(times).toEqual([15_000, 45_000]);
  });

  it('gets 15 s for its first 10,000 bytes, with a large content-length', async ({ expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 0);
    expect(await postStart(slow, '{"query": "', { 'content-length': '100000' })).toMatchObject(REFUSED);
    expect(times).toEqual([15_000]);
  });

  it('gets 15 s in all, with a small content-length', async ({ expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 0);
    expect(await postStart(slow, '{"query": "', { 'content-length': '1000' })).toMatchObject(REFUSED);
    expect(times).toEqual([15_000]);
  });
});
