import fc from 'fast-check';
import { beforeEach, describe, it } from 'vitest';
import { createWork, type Work } from '../../src/hub/back-pressure.ts';

const limits = { socketMsPerSecond: 50, tenantMsPerSecond: 250 };

let nowMs: number;
/** The waits before operations start, in milliseconds. */
let waits: number[];
let work: Work;

beforeEach(() => {
  nowMs = 0;
  waits = [];
  work = createWork({
    limits,
    now: () => nowMs,
    sleep: async (ms) => void waits.push(ms),
  });
});

function newSocket(): WebSocket {
  return {} as WebSocket;
}

/** Counts how often `act` succeeds before it is refused, at most 1,000. */
function countOf(act: () => object | null): number {
  for (let count = 0; count < 1_000; count += 1) if (act() !== null) return count;
  return 1_000;
}

describe('before connection_init', () => {
  it.for([
    [44_000, 2],
    [64_000, 1],
    [9_000, 10],
    [20, 98],
  ] as const)('a socket that sends messages of %i characters is closed after %i', ([chars, count], { expect }) => {
    const socket = newSocket();
    expect(countOf(() => work.read(socket, null, chars))).toBe(count);
    expect(work.read(socket, null, chars)).toEqual({
      type: 'invalid',
      code: 4429,
      reason: 'Too much before connection_init',
    });
  });

  it('every socket has its own allowance, and a new one after connection_init', ({ expect }) => {
    const socket = newSocket();
    while (work.read(socket, null, 44_000) === null);
    expect(work.read(newSocket(), null, 44_000)).toBeNull();
    expect(work.read(socket, 'a', 44_000)).toBeNull();
  });
});

describe('a socket', () => {
  it('above its allowance is refused with the time to wait, and is closed when it continues', ({ expect }) => {
    const socket = newSocket();
    for (let i = 0; i < 100; i += 1) {
      expect(work.overdraft(socket)).toBeNull();
      work.failed(socket);
    }
    expect(work.overdraft(socket)).toBeNull();
    work.failed(socket);
    expect(work.overdraft(socket)).toEqual({
      code: 'RATE_LIMITED',
      message: "A socket gets about 50 ms of a hub's work a second.",
      retryable: true,
      retryAfterMs: 100,
    });
    const more = countOf(() => {
      work.failed(socket);
      return work.read(socket, 'a', 100);
    });
    expect(more).toBe(97);
    expect(work.read(socket, 'a', 100)).toEqual({ type: 'invalid', code: 1013, reason: 'Too much work' });
  });

  it('that waits for the stated time may continue', ({ expect }) => {
    const socket = newSocket();
    for (let i = 0; i < 120; i += 1) work.failed(socket);
    const { retryAfterMs } = work.overdraft(socket)!;
    expect(retryAfterMs).toBe(2_000);
    nowMs += retryAfterMs! - 1;
    expect(work.overdraft(socket)).not.toBeNull();
    nowMs += 1;
    expect(work.overdraft(socket)).toBeNull();
  });

  it('that keeps sending large messages is closed, whatever they contain', ({ expect }) => {
    const socket = newSocket();
    let messages = 0;
    // 20 messages a second, of 54 KB each.
    for (; messages < 10_000 && work.read(socket, `tenant-${messages}`, 54_000) === null; messages += 1) nowMs += 50;
    expect(messages).toBeLessThan(4_000);
    expect(messages).toBeGreaterThan(200);
  });

  it('may start 64 operations at once, with unknown documents of 2,000 characters', async ({ expect }) => {
    const socket = newSocket();
    for (let i = 0; i < 64; i += 1) {
      expect(work.read(socket, 'a', 2_100)).toBeNull();
      expect(work.overdraft(socket)).toBeNull();
      expect(await work.waitToStart(socket, 'a', `${i}`.padEnd(2_000), () => false)).toBeNull();
    }
    // The tenant's allowance is used up after 100 ms of work, and the other operations wait.
    expect(Math.max(...waits)).toBeLessThan(1_500);
  });
});

describe('a tenant', () => {
  it('with 1,000 sockets starts 4 operations on each at once within 10 seconds', async ({ expect }) => {
    for (let i = 0; i < 1_000; i += 1) {
      const socket = newSocket();
      for (let k = 0; k < 4; k += 1) {
        expect(work.read(socket, 'a', 900)).toBeNull();
        expect(await work.waitToStart(socket, 'a', 'known', () => true)).toBeNull();
      }
    }
    expect(Math.max(...waits)).toBeLessThan(10_000);
  });

  it('above its allowance waits, while another tenant does not', async ({ expect }) => {
    for (let i = 0; i < 1_000; i += 1) await work.waitToStart(newSocket(), 'a', 'known', () => true);
    expect(waits.at(-1)).toBe(1_600);
    waits = [];
    expect(await work.waitToStart(newSocket(), 'b', 'known', () => true)).toBeNull();
    expect(waits).toEqual([]);
  });

  it('is refused operations that would wait over 10 seconds, which cost it nothing', async ({ expect }) => {
    const document = 'x'.repeat(64_000);
    let refused = null;
    let taken = 0;
    for (; refused === null; taken += 1)
      refused = await work.waitToStart(newSocket(), 'a', `${taken}${document}`, () => false);
    expect(taken).toBe(104);
    expect(refused).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      message: expect.stringContaining('250 ms'),
    });
    expect(await work.waitToStart(newSocket(), 'a', `other${document}`, () => false)).toEqual(refused);
    nowMs += refused.retryAfterMs!;
    expect(await work.waitToStart(newSocket(), 'a', `other${document}`, () => false)).toBeNull();
  });

  it('that sends over 4 MB at once or 1 MB a second has its sockets closed, and no other has', ({ expect }) => {
    expect(countOf(() => work.read(newSocket(), 'a', 64_000))).toBe(62);
    expect(work.read(newSocket(), 'a', 64_000)).toEqual({
      type: 'invalid',
      code: 1013,
      reason: 'Too many messages of the tenant',
    });
    expect(work.read(newSocket(), 'b', 64_000)).toBeNull();
    nowMs += 1_000;
    expect(countOf(() => work.read(newSocket(), 'a', 64_000))).toBe(16);
  });
});

describe('a new document', () => {
  const document = 'x'.repeat(8_192);

  it('costs its tenant once for all operations that use it at once', async ({ expect }) => {
    let isKnown = false;
    const release: (() => void)[] = [];
    work = createWork({
      limits,
      now: () => nowMs,
      sleep: (ms) => new Promise((resolve) => (waits.push(ms), release.push(resolve))),
    });
    for (let i = 0; i < 200; i += 1) void work.waitToStart(newSocket(), 'a', 'known', () => true);
    waits = [];
    const asked = Array.from({ length: 50 }, () => work.waitToStart(newSocket(), 'a', document, () => isKnown));
    isKnown = true;
    for (const resolve of release) resolve();
    expect(await Promise.all(asked)).toEqual(Array(50).fill(null));
    // 24.6 ms for the document, and 0.5 ms for each operation.
    expect(waits).toHaveLength(50);
    expect(waits.at(-1)! - waits[0]!).toBe(98);
  });

  it('that is invalid costs its tenant every time', async ({ expect }) => {
    const release: (() => void)[] = [];
    work = createWork({
      limits,
      now: () => nowMs,
      sleep: (ms) => new Promise((resolve) => (waits.push(ms), release.push(resolve))),
    });
    for (let i = 0; i < 200; i += 1) void work.waitToStart(newSocket(), 'a', 'known', () => true);
    waits = [];
    const asked = Array.from({ length: 50 }, () => work.waitToStart(newSocket(), 'a', document, () => false));
    for (let i = 0; i < 10; i += 1) {
      for (const resolve of release.splice(0)) resolve();
      await Promise.resolve();
    }
    expect(await Promise.all(asked)).toEqual(Array(50).fill(null));
    expect(waits.at(-1)! - waits[0]!).toBeGreaterThan((49 * 24 * 1_000) / 250);
  });
});

it('a tenant never gets more work than its allowance, whatever its sockets send', async ({ expect }) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ waitMs: fc.nat(500), chars: fc.nat(20_000) }), { maxLength: 200 }),
      async (asked) => {
        nowMs = 0;
        const turns: { readonly atMs: number; readonly ms: number }[] = [];
        work = createWork({ limits, now: () => nowMs, sleep: async (ms) => void waits.push(ms) });
        for (const [i, { waitMs, chars }] of asked.entries()) {
          nowMs += waitMs;
          waits = [];
          if ((await work.waitToStart(newSocket(), 'a', `${i}`.padEnd(chars), () => false)) !== null) continue;
          const ms = 0.5 + Math.min(Math.max(chars, `${i}`.length), 8_192) * 0.003;
          turns.push({ atMs: nowMs + (waits[0] ?? 0), ms });
          const done = turns.reduce((sum, turn) => sum + turn.ms, 0);
          expect(done).toBeLessThanOrEqual(100 + (turns.at(-1)!.atMs * 250) / 1_000 + 0.01);
        }
      },
    ),
    { numRuns: 50 },
  );
});
