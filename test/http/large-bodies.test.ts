import { describe, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { createLargeBodies, LARGE_BODIES_MAX } from '../../src/http/limits.ts';

function requests(count: number): readonly Request[] {
  return Array.from({ length: count }, () => new Request('https://gateway.test/graphql'));
}

function setUp() {
  const clock = { nowMs: 1_790_000_000_000 };
  const rate = { left: 1_000 };
  const bodies = createLargeBodies({
    now: () => clock.nowMs,
    takeRate: async () => {
      rate.left -= 1;
      if (rate.left >= 0) return;
      throw new GatewayError({ code: 'RATE_LIMITED', message: 'rate', retryable: true, retryAfterMs: 500 });
    },
  });

  /** Returns the HTTP status of the refusal, or 'in' if the request got a place. */
  async function enter(request: Request | undefined, tenant: string): Promise<unknown> {
    if (request === undefined) throw new Error('a request');
    return bodies.enter(request, tenant).then(
      () => 'in',
      (error: { extensions: { http: { status: number } } }) => error.extensions.http.status,
    );
  }
  return { clock, rate, bodies, enter };
}

describe('the places for large bodies', () => {
  it('number four', async ({ expect }) => {
    const { enter } = setUp();
    const [first, ...others] = requests(5);
    const answers = [await enter(first, 'a')];
    for (const [i, request] of others.entries()) answers.push(await enter(request, `tenant-${i}`));
    expect(answers).toEqual(['in', 'in', 'in', 'in', 503]);
    expect(LARGE_BODIES_MAX).toBe(4);
  });

  it('keep the last one for a tenant without a place', async ({ expect }) => {
    const { enter } = setUp();
    const [a, b, c, d, e, f] = requests(6);
    expect(await Promise.all([a, b, c, d].map((request) => enter(request, 'greedy')))).toEqual(['in', 'in', 'in', 503]);
    expect([await enter(e, 'quiet'), await enter(f, 'quiet')]).toEqual(['in', 503]);
  });

  it('are freed by the request that took them, and by no other', async ({ expect }) => {
    const { enter, bodies } = setUp();
    const [a, b, c, d, other] = requests(5);
    for (const request of [a, b, c]) await enter(request, 'a');
    bodies.leave(other!);
    expect(await enter(d, 'a')).toBe(503);
    bodies.leave(b!);
    bodies.leave(b!);
    expect([await enter(d, 'a'), await enter(other, 'a')]).toEqual(['in', 503]);
  });

  it('are freed if the client disconnects', async ({ expect }) => {
    const { enter } = setUp();
    const client = new AbortController();
    await enter(new Request('https://gateway.test/graphql', { signal: client.signal }), 'a');
    const [a, b, c, d] = requests(4);
    expect([await enter(a, 'a'), await enter(b, 'a'), await enter(c, 'a')]).toEqual(['in', 'in', 503]);
    client.abort();
    expect(await enter(d, 'a')).toBe('in');
  });

  it('are freed after 90 s if the Worker never frees them', async ({ expect }) => {
    const { enter, clock } = setUp();
    for (const request of requests(3)) await enter(request, 'a');
    const [late, later] = requests(2);
    clock.nowMs += 89_999;
    expect(await enter(late, 'a')).toBe(503);
    clock.nowMs += 1;
    expect(await enter(later, 'a')).toBe('in');
  });

  it('are not taken by a request past its rate', async ({ expect }) => {
    const { enter, rate } = setUp();
    rate.left = 0;
    const answers = [];
    for (const request of requests(10)) answers.push(await enter(request, 'a'));
    expect(answers).toEqual(Array(10).fill(429));
  });

  it('do not count against the rate of a tenant that finds none free', async ({ expect }) => {
    const { enter, rate } = setUp();
    for (const request of requests(5)) await enter(request, 'a');
    expect(rate.left).toBe(997);
  });
});
