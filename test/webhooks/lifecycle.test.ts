import { evictDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { RETRY_WAITS_MS, SECRET_OVERLAP_MS, webhookWaitMs } from '../../src/domain/webhook.ts';
import { failureOf, ledgerOf, openSandbox, valueOf, type LedgerStub } from '../support/ledger.ts';
import {
  answerWith,
  deliveriesOf,
  inboxOf,
  newBox,
  objectOf,
  openEndpoint,
  received,
  ringWebhook,
  verified,
} from '../support/webhooks.ts';

openSandbox('webhook-lifecycle');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

const HOUR_MS = 3_600_000;

/** Hands over a change, as the ledger does, and returns once its first attempt has ended. */
async function handOver(tenant: string, endpointId: string, seq: number): Promise<void> {
  const { voiceTask } = await import('../support/fake-ledger.ts');
  const change = { seq, cursor: `at-${seq}`, atMs: Date.now(), task: voiceTask(`task-${seq}`), resync: false };
  const settings = { url: (await endpointOf(tenant))!.url, isPaused: false, revision: 1, pauseRevision: 1 };
  await objectOf(endpointId, tenant).accept(settings, [{ change, isArrival: true, urls: [null] }]);
}

async function endpointOf(tenant: string) {
  const [endpoint] = await ledgerOf(tenant).webhookEndpoints();
  return endpoint;
}

async function attempts(ledger: LedgerStub, endpointId: string, count: number): Promise<void> {
  const { expect } = await import('vitest');
  await expect.poll(async () => (await deliveriesOf(ledger, endpointId)).at(-1)?.attempts.length).toBe(count);
}

describe('retries', () => {
  it('wait as in the table, 20 % shorter or longer, and end after the ninth attempt', ({ expect }) => {
    for (const [i, waitMs] of RETRY_WAITS_MS.entries()) {
      expect(webhookWaitMs(i + 1, () => 0)).toBe(Math.round(waitMs * 0.8));
      expect(webhookWaitMs(i + 1, () => 0.999_999)).toBeLessThanOrEqual(waitMs * 1.2);
    }
    expect(webhookWaitMs(9, () => 0.5)).toBeNull();
    expect(RETRY_WAITS_MS.map((ms) => ms / 1_000)).toEqual([5, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400]);
  });

  it('of a dead endpoint happen by the alarm, also after an eviction, and a failed delivery can be sent again', async ({
    expect,
  }) => {
    const ledger = ledgerOf('dead');
    const { url, name } = newBox();
    await answerWith(name, 503);
    const { endpoint } = await openEndpoint(ledger, url);
    await handOver('dead', endpoint.id, 1);
    for (let n = 1; n <= 9; n += 1) {
      await attempts(ledger, endpoint.id, n);
      const [delivery] = await deliveriesOf(ledger, endpoint.id);
      if (n === 9) break;
      expect(delivery?.status).toBe('PENDING');
      const waitMs = (delivery?.nextAttemptAtMs ?? 0) - Date.now();
      expect(waitMs / RETRY_WAITS_MS[n - 1]!).toBeGreaterThan(0.79);
      expect(waitMs / RETRY_WAITS_MS[n - 1]!).toBeLessThan(1.21);
      vi.setSystemTime(Date.now() + waitMs);
      if (n === 3) await evictDurableObject(objectOf(endpoint.id, 'dead'));
      await ringWebhook(endpoint.id, 'dead');
    }
    const [failed] = await deliveriesOf(ledger, endpoint.id);
    expect(failed).toMatchObject({ status: 'FAILED', nextAttemptAtMs: null });
    await answerWith(name, 204);
    valueOf(await ledger.redeliverWebhook({ deliveryId: failed!.id }));
    await expect.poll(async () => (await deliveriesOf(ledger, endpoint.id))[0]?.status).toBe('SUCCEEDED');
    const all = await inboxOf(name);
    expect(all).toHaveLength(10);
    expect(new Set(all.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});

describe('a receiver that sends Retry-After', () => {
  it.for([
    ['503 retry-after 3600', 3_600],
    ['429 retry-after 1', 5],
    ['429 retry-after 99999999', 24 * 3_600],
  ] as const)(
    'gets the next attempt no earlier than asked, within bounds: %s',
    async ([answer, seconds], { expect }) => {
      const tenant = `asks ${seconds}`;
      const ledger = ledgerOf(tenant);
      const { url, name } = newBox();
      await answerWith(name, answer);
      const { endpoint } = await openEndpoint(ledger, url);
      await handOver(tenant, endpoint.id, 1);
      await attempts(ledger, endpoint.id, 1);
      const [delivery] = await deliveriesOf(ledger, endpoint.id);
      const waitMs = (delivery?.nextAttemptAtMs ?? 0) - Date.now();
      // The clock of the test runs on.
      expect(waitMs).toBeGreaterThanOrEqual(seconds * 1_000 - 2_000);
      expect(waitMs).toBeLessThanOrEqual(Math.max(6.1, seconds) * 1_000);
    },
  );
});

describe('an endpoint that answers 410', () => {
  it('is paused with the reason, waits, and sends what has waited when it is resumed', async ({ expect }) => {
    const ledger = ledgerOf('gone');
    const { url, name } = newBox();
    await answerWith(name, 410);
    const { endpoint } = await openEndpoint(ledger, url);
    await handOver('gone', endpoint.id, 1);
    await expect.poll(async () => (await endpointOf('gone'))?.isPaused).toBe(true);
    expect((await endpointOf('gone'))?.pausedReason).toBe('It answered 410 Gone.');
    await answerWith(name, 204);
    await handOver('gone', endpoint.id, 2);
    vi.setSystemTime(Date.now() + HOUR_MS);
    await ringWebhook(endpoint.id, 'gone');
    expect(await inboxOf(name)).toHaveLength(1);
    expect((await deliveriesOf(ledger, endpoint.id)).map(({ nextAttemptAtMs }) => nextAttemptAtMs)).toEqual([
      null,
      null,
    ]);
    valueOf(await ledger.sendTestWebhook({ endpointId: endpoint.id }));
    await received(name, 2);
    const resumed = valueOf(await ledger.updateWebhookEndpoint({ endpointId: endpoint.id, isPaused: false }));
    expect(resumed).toMatchObject({ isPaused: false, pausedReason: null });
    const all = await received(name, 4);
    expect(all.map(({ body }) => JSON.parse(body).sequence)).toEqual([1, 0, 1, 2]);
    expect(await endpointOf('gone')).toMatchObject({ isPaused: false, pausedReason: null });
  });
});

describe('an endpoint that fails for 2 days', () => {
  it('is paused, and one that succeeds in between is not', async ({ expect }) => {
    const ledger = ledgerOf('two days');
    const { url, name } = newBox();
    await answerWith(name, 500);
    const { endpoint } = await openEndpoint(ledger, url);
    const failAt = async (seq: number) => {
      await handOver('two days', endpoint.id, seq);
      await expect.poll(async () => (await deliveriesOf(ledger, endpoint.id))[0]?.attempts.length).toBe(1);
    };
    await failAt(1);
    vi.setSystemTime(Date.now() + 40 * HOUR_MS);
    await answerWith(name, 204);
    await handOver('two days', endpoint.id, 2);
    await expect.poll(async () => (await deliveriesOf(ledger, endpoint.id))[0]?.status).toBe('SUCCEEDED');
    await answerWith(name, 500);
    await failAt(3);
    vi.setSystemTime(Date.now() + 47 * HOUR_MS);
    await failAt(4);
    expect((await endpointOf('two days'))?.isPaused).toBe(false);
    vi.setSystemTime(Date.now() + 2 * HOUR_MS);
    await handOver('two days', endpoint.id, 5);
    await expect.poll(async () => (await endpointOf('two days'))?.isPaused).toBe(true);
    expect((await endpointOf('two days'))?.pausedReason).toMatch(/^Every attempt since .* It answered 500\.$/);
  });
});

describe('a rotation', () => {
  it('signs with both secrets for a day, then with the new one, and at most 3 sign at once', async ({ expect }) => {
    const ledger = ledgerOf('rotation');
    const { url, name } = newBox();
    const { endpoint, secret: old } = await openEndpoint(ledger, url);
    const rotated = valueOf(await ledger.rotateWebhookSecret({ endpointId: endpoint.id }));
    expect(rotated.previousSecretExpiresAtMs).toBe(Date.now() + SECRET_OVERLAP_MS);
    await handOver('rotation', endpoint.id, 1);
    const [both] = await received(name, 1);
    for (const secret of [old, rotated.secret]) expect(verified(both!, secret).sequence).toBe(1);
    valueOf(await ledger.rotateWebhookSecret({ endpointId: endpoint.id }));
    const refused = failureOf(await ledger.rotateWebhookSecret({ endpointId: endpoint.id }));
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: SECRET_OVERLAP_MS });
    vi.setSystemTime(Date.now() + SECRET_OVERLAP_MS + 1);
    await handOver('rotation', endpoint.id, 2);
    const [, later] = await received(name, 2);
    expect(later?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(() => verified(later!, rotated.secret)).toThrow('No matching signature');
  });
});
