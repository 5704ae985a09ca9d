import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { checkTaskWebhook, urlsOfChange, type WebhookEndpoint } from '../../src/domain/webhook.ts';
import { ALL_TASKS } from '../../src/domain/list.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { voiceTask } from '../support/fake-ledger.ts';
import {
  failureOf,
  kill,
  ledgerOf,
  openSandbox,
  slowDown,
  valueOf,
  voiceInput,
  type LedgerStub,
} from '../support/ledger.ts';
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

const sandbox = openSandbox('task-webhooks');

/** Makes a voice task with a webhook of its own, and lets it succeed. Returns its id. */
async function finishHooked(ledger: LedgerStub, webhookUrl: string): Promise<string> {
  const { id } = valueOf(await ledger.createVoiceTask({ ...voiceInput(null), webhookUrl }));
  await sandbox.advance(id, 'succeed');
  await ledger.ingest(id, null);
  return id;
}

describe('the webhook of one task', () => {
  it('gets every change of this task and no other, signed by the endpoint of its origin', async ({ expect }) => {
    const ledger = ledgerOf('every change');
    const [own, box] = [newBox(), newBox()];
    const { endpoint, secret } = await openEndpoint(ledger, own.url);
    const id = await finishHooked(ledger, box.url);
    await finishHooked(ledger, own.url);
    valueOf(await ledger.updateTask({ id, kind: 'VOICE', label: 'Order 7' }));
    await expect
      .poll(async () => (await inboxOf(box.name)).map(({ body }) => JSON.parse(body).type))
      .toContain('task.updated');
    const messages = (await inboxOf(box.name)).map((each) => verified(each, secret));
    const changes = valueOf(
      await ledger.events({ task: { id, kind: 'VOICE' }, filter: ALL_TASKS }, { first: 50, after: null }),
    ).edges;
    const sequences = messages.map(({ sequence }) => sequence).toSorted((a, b) => a - b);
    expect(sequences).toEqual(changes.map(({ node }) => node.seq));
    for (const { task } of messages) {
      expect(task).toMatchObject({ id: encodeGlobalId('VoiceTask', id), webhookUrl: box.url });
    }
    const deliveries = await deliveriesOf(ledger, endpoint.id);
    expect(deliveries.filter(({ url }) => url === box.url)).toHaveLength(messages.length);
    const ends = (await inboxOf(own.name)).filter(({ body }) => JSON.parse(body).task.id === messages[0]!.task.id);
    expect(ends.map(({ body }) => JSON.parse(body).type)).toEqual(['task.succeeded']);
    const both = (await inboxOf(box.name)).find(({ body }) => body === ends[0]!.body);
    expect(both?.headers['webhook-id']).toBe(`${ends[0]!.headers['webhook-id']}_task`);
  });

  it('says when the task is expected to end, once three tasks have succeeded', async ({ expect }) => {
    const ledger = ledgerOf('expected end');
    const { url, name } = newBox();
    await openEndpoint(ledger, url);
    for (let i = 0; i < 3; i += 1) {
      const id = await finishHooked(ledger, url);
      await expect.poll(async () => (await ledger.task({ id }))?.status).toBe('SUCCEEDED');
    }
    await slowDown(ledger);
    const last = encodeGlobalId('VoiceTask', await finishHooked(ledger, url));
    const tasks = async () => (await inboxOf(name)).map(({ body }) => JSON.parse(body).task);
    const ofLast = async () => (await tasks()).filter(({ id }) => id === last);
    await expect.poll(async () => (await ofLast()).map(({ status }) => status)).toContain('SUCCEEDED');
    for (const { status, createdAt, estimatedEndAt } of await ofLast()) {
      const isLater = estimatedEndAt !== null && Date.parse(estimatedEndAt) - Date.parse(createdAt) >= 600_000;
      expect([status, isLater]).toEqual([status, status !== 'SUCCEEDED']);
    }
    expect((await tasks()).filter(({ id, estimatedEndAt }) => id !== last && estimatedEndAt !== null)).toEqual([]);
  });

  it('that is the URL of the endpoint gets every change once', async ({ expect }) => {
    const ledger = ledgerOf('shared');
    const { url, name } = newBox();
    await openEndpoint(ledger, url);
    await finishHooked(ledger, url);
    await expect
      .poll(async () => (await inboxOf(name)).map(({ body }) => JSON.parse(body).type))
      .toContain('task.succeeded');
    const sequences = (await inboxOf(name)).map(({ body }) => JSON.parse(body).sequence);
    expect(sequences.length).toBeGreaterThan(1);
    expect(new Set(sequences).size).toBe(sequences.length);
  });

  it('is refused with all other problems, and nothing is stored or sent', async ({ expect }) => {
    const ledger = ledgerOf('refused');
    await openEndpoint(ledger, newBox().url);
    const make = (webhookUrl: string) => ledger.createVoiceTask({ ...voiceInput(null), name: '', webhookUrl });
    for (const [url, code] of [
      ['https://other.test/hook', 'NOT_FOUND'],
      ['https://sub.receiver.test/hook', 'NOT_FOUND'],
      ['http://receiver.test/hook', 'URL_NOT_ALLOWED'],
      ['https://receiver.test:8443/hook', 'URL_NOT_ALLOWED'],
      ['https://receiver.test@other.test/', 'URL_NOT_ALLOWED'],
      ['no url', 'MALFORMED'],
    ] as const) {
      const { issues } = failureOf(await make(url));
      expect(issues?.map(({ path }) => path.join('.'))).toContain('input.name');
      expect(issues?.filter(({ path }) => path.at(-1) === 'webhookUrl').map((issue) => issue.code)).toContain(code);
    }
    const input = { face: { faceId: 's:0' }, audio: { url: 'https://example.com/a.mp3' } };
    const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 };
    const webhookUrl = 'https://other.test/hook';
    for (const failed of [
      await ledger.createLipSyncTask({ ...input, placement, webhookUrl }),
      await ledger.lipSyncQuote({ ...input, placement, webhookUrl }),
    ]) {
      expect(failureOf(failed).issues?.map(({ path }) => path.join('.'))).toEqual([
        'input.face.faceId',
        'input.webhookUrl',
      ]);
    }
    expect(valueOf(await ledger.tasks(ALL_TASKS, { first: 1, after: null })).edges).toEqual([]);
  });

  it('is part of the input of its external id, also after its endpoint is deleted', async ({ expect }) => {
    const ledger = ledgerOf('repeated');
    const { url } = newBox();
    const { endpoint } = await openEndpoint(ledger, url);
    const make = (webhookUrl: string | null) =>
      ledger.createVoiceTask({ ...voiceInput(null), externalId: 'order-7', webhookUrl });
    const { id } = valueOf(await make(url));
    expect(valueOf(await make(url)).id).toBe(id);
    for (const other of [null, newBox().url]) expect(failureOf(await make(other)).code).toBe('CONFLICT');
    valueOf(await ledger.deleteWebhookEndpoint({ endpointId: endpoint.id }));
    expect(valueOf(await make(url)).id).toBe(id);
  });

  it('gets nothing after its endpoint is deleted, and the task goes on', async ({ expect }) => {
    const ledger = ledgerOf('deleted');
    const [own, box] = [newBox(), newBox()];
    const { endpoint } = await openEndpoint(ledger, own.url);
    const { id } = valueOf(await ledger.createVoiceTask({ ...voiceInput(null), webhookUrl: box.url }));
    await expect.poll(async () => (await inboxOf(box.name)).length).toBeGreaterThan(0);
    valueOf(await ledger.deleteWebhookEndpoint({ endpointId: endpoint.id }));
    const next = newBox();
    await openEndpoint(ledger, next.url);
    const { length } = await inboxOf(box.name);
    await sandbox.advance(id, 'succeed');
    await ledger.ingest(id, null);
    await received(next.name, 1);
    expect(await inboxOf(box.name)).toHaveLength(length);
    const task = await ledger.task({ id });
    expect(task).toMatchObject({ status: 'SUCCEEDED', details: { webhook: { url: box.url } } });
  });

  it('waits while its endpoint is paused', async ({ expect }) => {
    const ledger = ledgerOf('paused');
    const [own, box] = [newBox(), newBox()];
    const { endpoint } = await openEndpoint(ledger, own.url);
    valueOf(await ledger.updateWebhookEndpoint({ endpointId: endpoint.id, isPaused: true }));
    await finishHooked(ledger, box.url);
    const waiting = async () => (await deliveriesOf(ledger, endpoint.id)).filter(({ url }) => url === box.url);
    await expect.poll(async () => (await waiting()).length).toBeGreaterThan(1);
    expect(new Set((await waiting()).map(({ nextAttemptAtMs }) => nextAttemptAtMs))).toEqual(new Set([null]));
    expect(await inboxOf(box.name)).toEqual([]);
    valueOf(await ledger.updateWebhookEndpoint({ endpointId: endpoint.id, isPaused: false }));
    await received(box.name, (await waiting()).length);
  });

  it('that answers 410 ends one delivery, and does not pause the endpoint', async ({ expect }) => {
    const ledger = ledgerOf('gone');
    const [own, box] = [newBox(), newBox()];
    await answerWith(box.name, 410);
    const { endpoint } = await openEndpoint(ledger, own.url);
    await finishHooked(ledger, box.url);
    await received(own.name, 1);
    await expect
      .poll(async () => (await deliveriesOf(ledger, endpoint.id)).filter(({ status }) => status === 'PENDING'))
      .toEqual([]);
    const gone = (await deliveriesOf(ledger, endpoint.id)).filter(({ url }) => url === box.url);
    for (const delivery of gone)
      expect(delivery).toMatchObject({ status: 'FAILED', attempts: [{ responseStatus: 410 }] });
    expect((await ledger.webhookEndpoints())[0]).toMatchObject({ isPaused: false, pausedReason: null });
  });

  it('gets every change whose ledger is killed after the hand-over, once in its queue', async ({ expect }) => {
    const ledger = ledgerOf('killed');
    const [own, box] = [newBox(), newBox()];
    const { endpoint } = await openEndpoint(ledger, own.url);
    await finishHooked(ledger, box.url);
    await expect
      .poll(async () => (await inboxOf(box.name)).map(({ body }) => JSON.parse(body).type))
      .toContain('task.succeeded');
    const before = await deliveriesOf(ledger, endpoint.id);
    // As if the ledger had died before it recorded the hand-over.
    await runInDurableObject(ledger, (_instance, { storage }) =>
      storage.sql.exec('UPDATE webhook_endpoint SET applied = 0, due_at = 1'),
    );
    await kill(ledger);
    await evictDurableObject(objectOf(endpoint.id, 'killed'));
    const last = newBox();
    await finishHooked(ledgerOf('killed'), last.url);
    await ringWebhook(endpoint.id, 'killed');
    await expect
      .poll(async () => (await inboxOf(last.name)).map(({ body }) => JSON.parse(body).type))
      .toContain('task.succeeded');
    const after = await deliveriesOf(ledgerOf('killed'), endpoint.id);
    expect(after.filter(({ url }) => url === box.url)).toHaveLength(before.filter(({ url }) => url === box.url).length);
  });
});

const endpointAt = (id: string, url: string): WebhookEndpoint => ({
  id,
  url,
  description: null,
  statuses: ['SUCCEEDED'],
  isPaused: false,
  pausedReason: null,
  createdAtMs: 0,
});

const taskWith = (url: string, endpointId: string) => ({
  ...voiceTask('t'),
  status: 'QUEUED' as const,
  details: { webhook: { url, endpointId } },
});

describe('the endpoint that signs for a task', () => {
  const rule = { allowsLoopback: false, ownOrigin: null };
  const NEWEST_FIRST = [
    endpointAt('c', 'https://example.com/c'),
    endpointAt('b', 'https://example.com/b'),
    endpointAt('a', 'https://example.com/a'),
    endpointAt('x', 'https://other.example/'),
  ];

  it.for([
    ['https://example.com/b', 'b'],
    ['https://EXAMPLE.com:443/new?x=1', 'a'],
    ['https://other.example/new', 'x'],
  ])('of %s is %s', ([url, signer], { expect }) => {
    const checked = checkTaskWebhook(url, ['input', 'webhookUrl'], rule, () => NEWEST_FIRST);
    expect(checked).toEqual({ ok: true, value: { url: new URL(url!).href, endpointId: signer } });
  });

  it('sends it the changes that the endpoint itself does not want', ({ expect }) => {
    const [endpoint] = NEWEST_FIRST;
    expect(urlsOfChange(endpoint!, taskWith('https://example.com/t', 'c'), true)).toEqual(['https://example.com/t']);
    expect(urlsOfChange(endpoint!, taskWith('https://example.com/c', 'c'), true)).toEqual([null]);
    expect(urlsOfChange(endpoint!, taskWith('https://example.com/t', 'b'), true)).toEqual([]);
    const ended = { ...taskWith('https://example.com/t', 'c'), status: 'SUCCEEDED' as const };
    expect(urlsOfChange(endpoint!, ended, true)).toEqual([null, 'https://example.com/t']);
    expect(urlsOfChange(endpoint!, ended, false)).toEqual(['https://example.com/t']);
  });
});
