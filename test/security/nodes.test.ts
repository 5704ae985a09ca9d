import { exports } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, it, vi } from 'vitest';
import { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { ledgerOf, lipSyncInput, openSandbox, ring, valueOf, voiceInput, VOICES } from '../support/ledger.ts';
import { bearer } from '../support/token.ts';

const sandbox = openSandbox('nodes');

async function ask(tenant: string, query: string, variables: object = {}) {
  const response = await exports.default.fetch('https://gateway.test/graphql', {
    method: 'POST',
    headers: { authorization: await bearer(tenant), 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return response.json<{ data: Record<string, { id: string }[]>; errors?: unknown }>();
}

const METHODS = ['task', 'tasksOf', 'faceScansOf', 'speechesOf', 'voicesOf', 'queuePositionsOf', 'events'] as const;

/** Counts the calls of each method of the ledgers from now on. Leaves out methods that are not called. */
function countCalls(): () => Record<string, number> {
  const spies = METHODS.map((method) => [method, vi.spyOn(TaskLedger.prototype, method)] as const);
  return () => Object.fromEntries(spies.map(([name, spy]) => [name, spy.mock.calls.length]).filter(([, n]) => n !== 0));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a query for many nodes', () => {
  it('in twenty fields of 100 ids makes one call of the ledger for each kind', async ({ expect }) => {
    const ledger = ledgerOf('many');
    const made = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    const id = encodeGlobalId('VoiceTask', made.id);
    const fields = Array.from({ length: 20 }, (_, n) => n);
    const types = ['LipSyncTask', 'VoiceTask', 'FaceScan', 'Voice', 'Speech'];
    const variables = Object.fromEntries(
      fields.map((n) => [
        `v${n}`,
        [id, ...Array.from({ length: 99 }, (_, i) => encodeGlobalId(types[i % 5]!, `${n}-${i}`))],
      ]),
    );
    const query = `query (${fields.map((n) => `$v${n}: [ID!]!`).join(' ')}) {
      ${fields.map((n) => `f${n}: nodes(ids: $v${n}) { id }`).join(' ')} }`;
    const calls = countCalls();
    const { data, errors } = await ask('many', query, variables);
    expect(errors).toBeUndefined();
    for (const n of fields) expect(data[`f${n}`]).toEqual([{ id }, ...Array(99).fill(null)]);
    expect(calls()).toEqual({ tasksOf: 1, faceScansOf: 1, speechesOf: 1, voicesOf: 1 });
  });

  it('with the scans of the faces of 25 tasks makes one call for all scans', async ({ expect }) => {
    const ledger = ledgerOf('fields');
    const input = await lipSyncInput(ledger, null);
    for (let i = 0; i < 25; i += 1) valueOf(await ledger.createLipSyncTask(input));
    const calls = countCalls();
    const { data, errors } = await ask(
      'fields',
      '{ tasks(first: 100) { edges { node { ... on LipSyncTask { face { scan { id } } } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ tasks: { edges: { length: 25 } } });
    expect(calls()).toEqual({ faceScansOf: 1 });
  });

  it('is FORBIDDEN for a caller without the scope of one kind', async ({ expect }) => {
    const ledger = ledgerOf('scopes');
    const made = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    const ids = [encodeGlobalId('VoiceTask', made.id), encodeGlobalId('LipSyncTask', made.id)];
    const response = await exports.default.fetch('https://gateway.test/graphql', {
      method: 'POST',
      headers: {
        authorization: await bearer('scopes', { scope: 'lipsync:read' }),
        'content-type': 'application/json',
      },
      body: JSON.stringify({ query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids } }),
    });
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  it('returns null for another tenant’s task', async ({ expect }) => {
    const made = valueOf(await ledgerOf('owner').createVoiceTask(voiceInput('x')));
    const ids = [encodeGlobalId('VoiceTask', made.id)];
    expect((await ask('stranger', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })).data).toEqual({
      nodes: [null],
    });
  });

  it('reads each running task once at Kling, and no ended task', async ({ expect }) => {
    const ledger = ledgerOf('running');
    const made = await Promise.all(
      ['a', 'b', 'c'].map(async (x) => valueOf(await ledger.createVoiceTask(voiceInput(x)))),
    );
    await sandbox.advance(made[0]!.id, 'succeed');
    await ring(ledger);
    // Makes the tasks due for a read by queries, and postpones the polls.
    await runInDurableObject(ledger, (_instance, { storage }) => {
      storage.sql.exec('UPDATE task SET read_at = 0, wake_at = wake_at + 600000');
    });
    const reads = () => Promise.all(made.map((task) => sandbox.count('GET', `${VOICES}/${task.klingTaskId}`)));
    const before = await reads();
    const ids = made.flatMap(({ id }) => Array(5).fill(encodeGlobalId('VoiceTask', id)));
    const query = 'query ($ids: [ID!]!) { a: nodes(ids: $ids) { id } b: nodes(ids: $ids) { id } }';
    expect((await ask('running', query, { ids })).errors).toBeUndefined();
    expect((await reads()).map((n, i) => n - before[i]!)).toEqual([0, 1, 1]);
  });
});
