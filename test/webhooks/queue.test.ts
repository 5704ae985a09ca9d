import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, it, vi } from 'vitest';
import type { WebhookAttempt, WebhookSettings } from '../../src/domain/webhook.ts';
import { DeliveryStore } from '../../src/webhooks/delivery-store.ts';
import { createQueue, type EndpointState, type Message, type SentAttempt } from '../../src/webhooks/queue.ts';
import { voiceTask } from '../support/fake-ledger.ts';
import { openSandbox } from '../support/ledger.ts';
import { inboxOf, newBox, objectOf, received, ringWebhook } from '../support/webhooks.ts';

openSandbox('webhook-queue');

afterEach(() => {
  vi.useRealTimers();
});

const SETTINGS: WebhookSettings = { url: 'https://example.com/hook', isPaused: false, revision: 1, pauseRevision: 1 };

interface Sending {
  readonly message: Message;
  readonly end: (status: number) => Promise<void>;
}

/** Builds a queue on the storage of an object, with attempts that end when the test says so. */
function openQueue(storage: DurableObjectStorage, settings = SETTINGS) {
  const clock = { nowMs: 1_000_000 };
  const sends: Sending[] = [];
  const running: Promise<unknown>[] = [];
  let state: EndpointState = {
    settings,
    pausedReason: null,
    owesReport: false,
    failingSinceMs: null,
    acceptedSeq: 0,
    secrets: [
      {
        text: 'whsec_bmV3LXNlY3JldC1vZi10aGUtdGVzdHM=',
        untilMs: null,
      },
    ],
  };
  const deliveries = new DeliveryStore(storage.sql, 'queue');
  const queue = createQueue({
    endpointId: 'queue',
    deliveries,
    state: () => state,
    setState: (next) => (state = next),
    send: (message) =>
      new Promise<SentAttempt>((resolve) => {
        const ended = { atMs: clock.nowMs, durationMs: 1, responseBody: '', error: null };
        sends.push({
          message,
          async end(status) {
            const attempt: WebhookAttempt = { ...ended, responseStatus: status };
            resolve({ attempt, retryAfterMs: null });
            await vi.waitUntil(() =>
              (deliveries.find(1)?.attempts ?? []).some((each) => each.responseStatus === status),
            );
          },
        });
      }),
    urls: { allowsLoopback: false, ownOrigin: null },
    arm: () => {},
    paused: () => {},
    transaction: (work) => storage.transactionSync(work),
    background: (work) => void running.push(work()),
    now: () => clock.nowMs,
    random: () => 0.5,
    log: () => {},
  });
  const add = (seq: number) => queue.add({ seq, task: null, url: null, isManual: false, body: '{}' });
  return { queue, deliveries, sends, clock, add };
}

function withQueue(name: string, work: (opened: ReturnType<typeof openQueue>) => Promise<void>, settings = SETTINGS) {
  return runInDurableObject(objectOf(name, 'queue'), (_instance, { storage }) => work(openQueue(storage, settings)));
}

describe('a queue whose five places are taken', () => {
  it('is not due before an attempt can have ended, or the alarm would fire in a loop', async ({ expect }) => {
    await withQueue('busy', async ({ queue, sends, clock, add }) => {
      for (let seq = 1; seq <= 6; seq += 1) add(seq);
      queue.run();
      expect(sends).toHaveLength(5);
      expect(queue.nextAtMs()).toBeGreaterThan(clock.nowMs);
      await sends[0]!.end(204);
      await vi.waitUntil(() => sends.length === 6);
    });
  });
});

describe('a message that is being sent', () => {
  it('is not sent a second time when its endpoint is resumed', async ({ expect }) => {
    await withQueue('resumed', async ({ queue, sends, add }) => {
      add(1);
      queue.run();
      add(2);
      queue.hasten();
      queue.run();
      expect(sends.map(({ message }) => message.id)).toEqual(['msg_queue_1', 'msg_queue_2']);
    });
  });

  it('and has succeeded stays SUCCEEDED, though a second attempt under way fails', async ({ expect }) => {
    await withQueue('final', async ({ queue, deliveries, sends, clock, add }) => {
      add(1);
      queue.run();
      // As after a pause of the machine: the time for an attempt is over.
      clock.nowMs += 60_000;
      queue.run();
      expect(sends).toHaveLength(2);
      await sends[1]!.end(204);
      await sends[0]!.end(500);
      expect(deliveries.find(1)).toMatchObject({ status: 'SUCCEEDED', dueAtMs: null });
      expect(deliveries.find(1)?.attempts.map(({ responseStatus }) => responseStatus)).toEqual([204, 500]);
    });
  });
});

describe('a URL that the settings refuse since', () => {
  it('is not called, and the attempt says why', async ({ expect }) => {
    const settings = { ...SETTINGS, url: 'http://localhost:3000/hook' };
    await withQueue(
      'refused',
      async ({ queue, deliveries, sends, add }) => {
        add(1);
        queue.run();
        await vi.waitUntil(() => deliveries.find(1)?.attempts.length === 1);
        expect(sends).toEqual([]);
        expect(deliveries.find(1)).toMatchObject({ status: 'PENDING', attempts: [{ responseStatus: null }] });
        expect(deliveries.find(1)?.attempts[0]?.error).toMatch(/^Nothing was sent: the URL must be an https URL/);
      },
      settings,
    );
  });
});

const eventOf = (seq: number, resync = false) => ({
  change: { seq, cursor: `at-${seq}`, atMs: 0, task: voiceTask(`task-${seq}`), resync },
  isArrival: true,
  urls: [null],
});

describe('the mark that changes are lost', () => {
  it('moves to the next new message, if the marked change was stored before', async ({ expect }) => {
    const { url, name } = newBox();
    const settings = { ...SETTINGS, url };
    const object = objectOf('marks', 'queue');
    await object.open(settings);
    // The ledger died before it recorded this hand-over, and meanwhile the changes 3 and 4 were deleted.
    await object.accept(settings, [eventOf(1), eventOf(2)]);
    expect(await object.accept(settings, [eventOf(2, true), eventOf(5)])).toBe(5);
    // All of these are known. The mark waits for the next one, also across an eviction.
    expect(await object.accept(settings, [eventOf(5, true)])).toBe(5);
    await evictDurableObject(object);
    await object.accept(settings, [eventOf(6), eventOf(7)]);
    const bodies = (await received(name, 5)).map(({ body }) => JSON.parse(body));
    const marked = bodies.filter(({ resync }) => resync).map(({ sequence }) => sequence);
    expect(marked.toSorted((a, b) => a - b)).toEqual([5, 6]);
    expect(Object.keys(bodies[2])).toEqual(Object.keys(bodies[0]));
  });
});

describe('an endpoint that is deleted', () => {
  it('is not created again by a call that comes late', async ({ expect }) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const { url, name } = newBox();
    const settings = { ...SETTINGS, url };
    const object = objectOf('late', 'queue');
    await object.open(settings);
    await object.discard();
    const late = () =>
      Promise.allSettled([object.open(settings), object.configure(settings), object.accept(settings, [eventOf(1)])]);
    for (const { status } of await late()) expect(status).toBe('rejected');
    await evictDurableObject(object);
    for (const { status } of await late()) expect(status).toBe('rejected');
    expect(await inboxOf(name)).toEqual([]);
    vi.setSystemTime(Date.now() + 25 * 3_600_000);
    await ringWebhook('late', 'queue');
    await runInDurableObject(object, (_instance, { storage }) => {
      expect([...storage.kv.list()].map(([key]) => key)).toEqual([]);
    });
  });
});
