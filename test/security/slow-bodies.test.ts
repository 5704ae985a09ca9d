import { describe, it } from 'vitest';
import type { StartTimer } from '../../src/lib/deadline.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

type Client = ReturnType<typeof createGraphqlClient>;

const LIMITS = { bytesMax: 10_000, largeBytesMax: 100_000 };

/** The start of a large body. */
const START = `{"query": "${'a'.repeat(30_000)}`;

/** A gateway with a clock that says of each deadline, as it is set, whether its time is up. */
function clientWhere(isUp: (ms: number) => boolean): Client {
  const startTimer: StartTimer = (ms, onTime) => {
    if (isUp(ms)) onTime();
    return () => {};
  };
  return createGraphqlClient({ limits: LIMITS, startTimer });
}

/** Posts a body that never goes on behind its start. */
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

  it('is given up after 15 s', async ({ expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 0);
    expect(await postStart(slow, '{"query": "')).toMatchObject(REFUSED);
    expect(times).toEqual([15_000]);
    expect(slow.logged).toEqual([]);
  });

  it.for<[name: string, headers: Record<string, string>]>([
    ['says so', { 'content-length': '100000' }],
    ['does not say so', {}],
  ])('has 45 s more after its first 10,000 bytes when it is large and %s', async ([, headers], { expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 1);
    expect(await postStart(slow, START, headers)).toMatchObject(REFUSED);
    expect(times).toEqual([15_000, 45_000]);
  });

  it('has 15 s for its first 10,000 bytes when it says that it is large', async ({ expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 0);
    expect(await postStart(slow, '{"query": "', { 'content-length': '100000' })).toMatchObject(REFUSED);
    expect(times).toEqual([15_000]);
  });

  it('has 15 s in all when it says that it is a small one', async ({ expect }) => {
    const times: number[] = [];
    const slow = clientWhere((ms) => times.push(ms) > 0);
    expect(await postStart(slow, '{"query": "', { 'content-length': '1000' })).toMatchObject(REFUSED);
    expect(times).toEqual([15_000]);
  });
});
