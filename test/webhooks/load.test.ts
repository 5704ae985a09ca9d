import { afterEach, it, vi } from 'vitest';
import type { WebhookSettings } from '../../src/domain/webhook.ts';
import { IS_FULL } from '../support/depth.ts';
import { voiceTask } from '../support/fake-ledger.ts';
import { openSandbox } from '../support/ledger.ts';
import { objectOf } from '../support/webhooks.ts';

openSandbox('webhook-load');

afterEach(() => {
  vi.restoreAllMocks();
});

const EVENTS = 5_000;
const ENDPOINTS = IS_FULL ? 1_000 : 200;
const DEAD_EVERY = 20;
const P99_MS_MAX = 2_000;

const eventOf = (seq: number) => ({
  change: { seq, cursor: `at-${seq}`, atMs: 0, task: voiceTask(`task-${seq}`), resync: false },
  isArrival: true,
  urls: [null],
});

function settingsOf(name: number): WebhookSettings {
  return { url: `https://receiver.test/${name}`, isPaused: false, revision: 1, pauseRevision: 1 };
}

async function inTurns(count: number, atOnce: number, work: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - n) }, (_, i) => work(n + i)));
  }
}

it('an endpoint gets each of 5,000 changes that are handed over together', async ({ expect }) => {
  const ids = new Set<string | null>();
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init) => {
    ids.add(new Headers(init?.headers).get('webhook-id'));
    return new Response(null, { status: 204 });
  });
  const object = objectOf('flooded', 'load');
  await object.open(settingsOf(0));
  await inTurns(EVENTS / 100, 1, (batch) =>
    object.accept(
      settingsOf(0),
      Array.from({ length: 100 }, (_, i) => eventOf(batch * 100 + i + 1)),
    ),
  );
  await expect.poll(() => ids.size).toBe(EVENTS);
});

it('the endpoints that answer get a change within 2 s, while one in 20 never answers', async ({ expect }) => {
  const handedOverMs = new Map<number, number>();
  const delaysMs: number[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    const name = Number(new URL(url instanceof Request ? url.url : url).pathname.slice(1));
    if (name % DEAD_EVERY === 0) await new Promise(() => {});
    delaysMs.push(Date.now() - (handedOverMs.get(name) ?? 0));
    return new Response(null, { status: 204 });
  });
  await inTurns(ENDPOINTS, 50, (n) => objectOf(`of-${n}`, 'load').open(settingsOf(n)));
  await inTurns(ENDPOINTS, 20, async (n) => {
    handedOverMs.set(n, Date.now());
    await objectOf(`of-${n}`, 'load').accept(settingsOf(n), [eventOf(1)]);
  });
  await expect.poll(() => delaysMs.length).toBe(ENDPOINTS - ENDPOINTS / DEAD_EVERY);
  expect(delaysMs.toSorted((a, b) => a - b)[Math.floor(delaysMs.length * 0.99)]).toBeLessThan(P99_MS_MAX);
});
