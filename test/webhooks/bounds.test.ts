import { runInDurableObject } from 'cloudflare:test';
import { describe, it, vi } from 'vitest';
import { WEBHOOKS_MAX } from '../../src/domain/webhook.ts';
import { DeliveryStore } from '../../src/webhooks/delivery-store.ts';
import { ENDED_MAX, PENDING_MAX } from '../../src/webhooks/queue.ts';
import { voiceTask } from '../support/fake-ledger.ts';
import { failureOf, ledgerOf, openSandbox, valueOf } from '../support/ledger.ts';
import { answerWith, deliveriesOf, newBox, objectOf, openEndpoint, received } from '../support/webhooks.ts';

openSandbox('webhook-bounds');

const SETTINGS = { url: newBox().url, isPaused: true, revision: 1, pauseRevision: 1 };

const eventOf = (seq: number) => ({
  change: { seq, cursor: `at-${seq}`, atMs: 0, task: voiceTask(`task-${seq}`), resync: false },
  isArrival: true,
  urls: [null],
});

describe('a queue', () => {
  it('takes 10,000 messages and refuses the next, which is taken when there is room again', async ({ expect }) => {
    const object = objectOf('full', 'bounds');
    await object.open(SETTINGS);
    await runInDurableObject(object, (_instance, { storage }) => {
      const store = new DeliveryStore(storage.sql, 'full');
      const waiting = { seq: null, task: null, url: null, isManual: false, body: '{}' };
      storage.transactionSync(() => {
        for (let i = 0; i < PENDING_MAX - 1; i += 1) store.insert(waiting, Date.now());
      });
    });
    expect(await object.accept(SETTINGS, [eventOf(1), eventOf(2)])).toBe(1);
    expect(await object.accept(SETTINGS, [eventOf(2)])).toBeNull();
    await runInDurableObject(object, (_instance, { storage }) => storage.sql.exec('DELETE FROM delivery WHERE n = 1'));
    expect(await object.accept(SETTINGS, [eventOf(1), eventOf(2)])).toBe(2);
  });

  it('refuses a message that exceeds the characters of all bodies', async ({ expect }) => {
    const object = objectOf('chars', 'bounds');
    await object.open(SETTINGS);
    await runInDurableObject(object, (_instance, { storage }) => {
      const store = new DeliveryStore(storage.sql, 'chars');
      for (let i = 0; i < 32; i += 1) {
        store.insert(
          { seq: null, task: null, url: null, isManual: false, body: 'a'.repeat(1024 * 1024 - 1) },
          Date.now(),
        );
      }
    });
    expect(await object.accept(SETTINGS, [eventOf(1)])).toBeNull();
  });

  it('keeps 10,000 messages that have ended, the newest', async ({ expect }) => {
    const { url, name } = newBox();
    const object = objectOf('ended', 'bounds');
    await object.open({ ...SETTINGS, url, isPaused: false });
    await runInDurableObject(object, (_instance, { storage }) => {
      const store = new DeliveryStore(storage.sql, 'ended');
      const ended = { status: 'SUCCEEDED', dueAtMs: null, isManual: false, fails: 0, attempts: [] } as const;
      storage.transactionSync(() => {
        for (let i = 0; i < ENDED_MAX; i += 1) {
          store.step({
            n: store.insert({ seq: null, task: null, url: null, isManual: false, body: '{}' }, Date.now()),
            ...ended,
          });
        }
      });
    });
    await object.accept({ ...SETTINGS, url, isPaused: false }, [eventOf(1)]);
    await received(name, 1);
    await expect.poll(async () => (await object.delivery(ENDED_MAX + 1))?.status).toBe('SUCCEEDED');
    expect(await object.delivery(1)).toBeNull();
    expect((await object.delivery(2))?.status).toBe('SUCCEEDED');
  });
});

describe('test events', () => {
  it('are 30 a minute for each endpoint, with redeliveries', async ({ expect }) => {
    // The rate refills with the time.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const ledger = ledgerOf('manual');
    const { url, name } = newBox();
    const { endpoint } = await openEndpoint(ledger, url);
    const { endpoint: other } = await openEndpoint(ledger, url);
    const named = { endpointId: endpoint.id };
    for (let i = 0; i < WEBHOOKS_MAX.manualPerMinute - 1; i += 1) valueOf(await ledger.sendTestWebhook(named));
    await received(name, WEBHOOKS_MAX.manualPerMinute - 1);
    const [newest] = await deliveriesOf(ledger, endpoint.id);
    await expect.poll(async () => (await deliveriesOf(ledger, endpoint.id))[0]?.status).toBe('SUCCEEDED');
    valueOf(await ledger.redeliverWebhook({ deliveryId: newest!.id }));
    expect(failureOf(await ledger.sendTestWebhook(named))).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    valueOf(await ledger.sendTestWebhook({ endpointId: other.id }));
    vi.useRealTimers();
  });

  it('are sent once, and one that waits is not sent again', async ({ expect }) => {
    const ledger = ledgerOf('once');
    const { url, name } = newBox();
    await answerWith(name, 'hang');
    const { endpoint } = await openEndpoint(ledger, url);
    const { id } = valueOf(await ledger.sendTestWebhook({ endpointId: endpoint.id }));
    expect(failureOf(await ledger.redeliverWebhook({ deliveryId: id }))).toMatchObject({
      code: 'CONFLICT',
      existing: { type: 'WEBHOOK_DELIVERY', id },
    });
    await expect.poll(async () => (await deliveriesOf(ledger, endpoint.id))[0]?.status).toBe('FAILED');
  });
});

describe('a description', () => {
  it('has at most 200 characters on one line', async ({ expect }) => {
    const ledger = ledgerOf('description');
    const longest = 'é'.repeat(WEBHOOKS_MAX.descriptionChars);
    const make = (description: string) =>
      ledger.createWebhookEndpoint({ url: newBox().url, statuses: [], description });
    expect(valueOf(await make(longest)).endpoint.description).toBe(longest);
    for (const wrong of [`${longest}é`, 'two\nlines']) {
      expect(failureOf(await make(wrong)).issues?.map(({ path }) => path)).toEqual([['description']]);
    }
  });
});
