import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, it, vi } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { failureOf, kill, ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';
import {
  answerWith,
  deliveriesOf,
  finishTask,
  inboxOf,
  newBox,
  objectOf,
  openEndpoint,
  received,
  ringWebhook,
  verified,
} from '../support/webhooks.ts';

const sandbox = openSandbox('webhooks');

describe('an endpoint', () => {
  it('gets the end of a task, signed, with the whole task and its sequence', async ({ expect }) => {
    const ledger = ledgerOf('ends');
    const { url, name } = newBox();
    const { endpoint, secret } = await openEndpoint(ledger, url);
    const id = await finishTask(ledger, sandbox);
    const [webhook] = await received(name, 1);
    const message = verified(webhook!, secret);
    expect(webhook?.path).toBe(`/${name}/hook?token=of-the-query`);
    expect(webhook?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(message).toMatchObject({
      type: 'task.succeeded',
      version: 1,
      resync: false,
      task: { __typename: 'VoiceTask', id: encodeGlobalId('VoiceTask', id), status: 'SUCCEEDED', failure: null },
    });
    expect(message.sequence).toBeGreaterThan(1);
    expect(message.task.voices[0].id).toBe(encodeGlobalId('Voice', message.task.voices[0].klingVoiceId));
    await expect.poll(async () => (await deliveriesOf(ledger, endpoint.id))[0]?.status).toBe('SUCCEEDED');
    const [delivery] = await deliveriesOf(ledger, endpoint.id);
    expect(delivery).toMatchObject({ url, task: { id, kind: 'VOICE' }, nextAttemptAtMs: null });
    expect(delivery?.attempts).toMatchObject([{ responseStatus: 204, responseBody: '', error: null }]);
  });

  it('without statuses gets every change, in any order, and a change of notes as task.updated', async ({ expect }) => {
    const ledger = ledgerOf('every');
    const { url, name } = newBox();
    const { secret } = await openEndpoint(ledger, url, []);
    const id = await finishTask(ledger, sandbox);
    valueOf(await ledger.updateTask({ id, kind: 'VOICE', label: 'Order 7' }));
    await expect.poll(async () => (await inboxOf(name)).length).toBeGreaterThanOrEqual(3);
    const messages = (await inboxOf(name)).map((each) => verified(each, secret));
    const newest = messages.toSorted((a, b) => a.sequence - b.sequence);
    expect(newest.at(-1)).toMatchObject({ type: 'task.updated', task: { label: 'Order 7', status: 'SUCCEEDED' } });
    expect(newest.map(({ type }) => type)).toContain('task.succeeded');
  });

  it('with statuses gets no change of notes', async ({ expect }) => {
    const ledger = ledgerOf('notes');
    const { url, name } = newBox();
    await openEndpoint(ledger, url);
    const id = await finishTask(ledger, sandbox);
    valueOf(await ledger.updateTask({ id, kind: 'VOICE', label: 'Order 7' }));
    await finishTask(ledger, sandbox);
    const paths = await received(name, 2);
    expect(paths.map(({ body }) => JSON.parse(body).type)).toEqual(['task.succeeded', 'task.succeeded']);
  });

  it('with statuses gets no change of notes of a task whose end is out of the log', async ({ expect }) => {
    const ledger = ledgerOf('old notes');
    const { url, name } = newBox();
    await openEndpoint(ledger, url);
    const id = await finishTask(ledger, sandbox);
    await received(name, 1);
    await runInDurableObject(ledger, (_instance, { storage }) => {
      storage.sql.exec('DELETE FROM event WHERE task_id = ?', id);
    });
    valueOf(await ledger.updateTask({ id, kind: 'VOICE', label: 'Order 7' }));
    const other = await finishTask(ledger, sandbox);
    // An attempt that is repeated has the same id as the first. The task of a message may be told twice, but not by two.
    const messages = async () =>
      new Map((await inboxOf(name)).map(({ headers, body }) => [headers['webhook-id'], JSON.parse(body).task.id]));
    await expect.poll(async () => (await messages()).size).toBe(2);
    expect([...(await messages()).values()]).toEqual([id, other].map((each) => encodeGlobalId('VoiceTask', each)));
  });

  it('keeps its webhook-id across attempts, and succeeds after it was down', async ({ expect }) => {
    const ledger = ledgerOf('down');
    const { url, name } = newBox();
    await answerWith(name, 500);
    const { endpoint, secret } = await openEndpoint(ledger, url);
    await finishTask(ledger, sandbox);
    await received(name, 1);
    await expect.poll(async () => (await deliveriesOf(ledger, endpoint.id))[0]?.attempts.length).toBe(1);
    const [pending] = await deliveriesOf(ledger, endpoint.id);
    expect(pending).toMatchObject({ status: 'PENDING' });
    expect(pending?.attempts).toMatchObject([{ responseStatus: 500, responseBody: 'answer 500', error: null }]);
    await answerWith(name, 200);
    vi.useFakeTimers({ toFake: ['Date'], now: pending?.nextAttemptAtMs ?? 0 });
    await ringWebhook(endpoint.id, 'down');
    const both = await received(name, 2);
    expect(new Set(both.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(both.map(({ body }) => body)).size).toBe(1);
    expect(verified(both[1]!, secret).type).toBe('task.succeeded');
    await expect.poll(async () => (await deliveriesOf(ledger, endpoint.id))[0]?.status).toBe('SUCCEEDED');
    vi.useRealTimers();
  });

  it('gets every change whose ledger is killed after the hand-over, once in its queue', async ({ expect }) => {
    const ledger = ledgerOf('killed');
    const { url, name } = newBox();
    const { endpoint } = await openEndpoint(ledger, url);
    await finishTask(ledger, sandbox);
    await received(name, 1);
    // As if the ledger had died before it recorded the hand-over.
    await runInDurableObject(ledger, (_instance, { storage }) =>
      storage.sql.exec('UPDATE webhook_endpoint SET applied = 0, due_at = 1'),
    );
    await kill(ledger);
    await evictDurableObject(objectOf(endpoint.id, 'killed'));
    await finishTask(ledgerOf('killed'), sandbox);
    const all = await received(name, 2);
    expect(new Set(all.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    expect(await deliveriesOf(ledgerOf('killed'), endpoint.id)).toHaveLength(2);
  });

  it('that is deleted gets nothing more, and its deliveries are gone', async ({ expect }) => {
    const ledger = ledgerOf('deleted');
    const { url, name } = newBox();
    await answerWith(name, 500);
    const { endpoint } = await openEndpoint(ledger, url);
    await finishTask(ledger, sandbox);
    await received(name, 1);
    valueOf(await ledger.deleteWebhookEndpoint({ endpointId: endpoint.id }));
    expect(await ledger.webhookEndpoints()).toEqual([]);
    expect(await deliveriesOf(ledger, endpoint.id)).toEqual([]);
    await finishTask(ledger, sandbox);
    await ringWebhook(endpoint.id, 'deleted');
    expect(await inboxOf(name)).toHaveLength(1);
    expect(failureOf(await ledger.sendTestWebhook({ endpointId: endpoint.id })).issues?.[0]?.code).toBe('NOT_FOUND');
  });

  it('is one of at most 20', async ({ expect }) => {
    const ledger = ledgerOf('twenty');
    for (let i = 0; i < 20; i += 1) await openEndpoint(ledger, newBox().url);
    const refused = failureOf(await ledger.createWebhookEndpoint({ url: newBox().url, statuses: [] }));
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', issues: [{ path: ['url'], code: 'OUT_OF_RANGE' }] });
    const [first] = await ledger.webhookEndpoints();
    valueOf(await ledger.deleteWebhookEndpoint({ endpointId: first!.id }));
    await openEndpoint(ledger, newBox().url);
  });
});

describe('a task that Kling refuses while its caller waits', () => {
  it('sends no webhook', async ({ expect }) => {
    const ledger = ledgerOf('refused');
    const { url, name } = newBox();
    await openEndpoint(ledger, url, []);
    await ledger.createVoiceTask({ ...voiceInput(null), name: '' });
    await finishTask(ledger, sandbox);
    await expect.poll(async () => (await inboxOf(name)).length).toBeGreaterThan(0);
    for (const { body } of await inboxOf(name)) expect(JSON.parse(body).task.name).toBe('Ann');
  });
});
