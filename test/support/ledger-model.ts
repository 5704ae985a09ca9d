import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { TaskRecord } from '../../src/domain/records.ts';
import type { TaskStatus } from '../../src/domain/task.ts';
import type { CallbackHint } from '../../src/kling/tasks.ts';
import { RANK } from './ledger-tasks.ts';
import { sumsOf } from './ledger-sums.ts';
import { ledgerOf, ring, valueOf, voiceInput, type LedgerStub, type TestSandbox } from './ledger.ts';
import { snapshotOf } from './snapshots.ts';

/** The state of one intent that later states must not contradict. */
interface Intent {
  readonly words: string;
  /** The highest rank seen so far. */
  rank: number;
  final: TaskStatus | null;
  seen: number;
}

/** The intents, by external id. */
export interface Model {
  readonly intents: Map<string, Intent>;
}

export interface Real {
  readonly tenant: string;
  readonly sandbox: TestSandbox;
  readonly ids: Map<string, string>;
}

type Command = fc.AsyncCommand<Model, Real>;

/** Words that tell the sandbox how a create fails, and how its task continues. */
const WORDS = [
  'sandbox-never-ends',
  'sandbox-timeout-after-sandbox-never-ends',
  'sandbox-cut-off-sandbox-never-ends',
  'sandbox-flaky-1',
];
const EXTERNAL_IDS = ['a', 'b', 'c'];

/** Reads the log and the tasks in one turn, because an alarm may run between two calls. */
function readAll(tenant: string): Promise<{ changes: TaskRecord[]; records: TaskRecord[] }> {
  return runInDurableObject(ledgerOf(tenant), (_instance, { storage }) => {
    const read = (query: string) => storage.sql.exec<{ n: number; record: string }>(query).toArray();
    const changes = read('SELECT seq AS n, record FROM event ORDER BY seq');
    expect(changes.map(({ n }) => n)).toEqual(changes.map((_, i) => i + 1));
    const { kept, counted } = sumsOf(storage.sql);
    expect(kept).toEqual(counted);
    return { changes: changes.map(toRecord), records: read('SELECT seq AS n, record FROM task').map(toRecord) };
  });
}

function toRecord({ record }: { readonly record: string }): TaskRecord {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the ledger itself
  return JSON.parse(record) as TaskRecord;
}

/** Checks the invariants of all intents. Runs after each command. */
async function checkAll(model: Model, real: Real): Promise<void> {
  const { changes, records } = await readAll(real.tenant);
  const { tasks } = await real.sandbox.record();
  for (const [externalId, intent] of model.intents) {
    const id = real.ids.get(externalId);
    const told = changes.filter((task) => task.externalId === externalId);
    expect(new Set(told.map((task) => task.id)).size).toBeLessThanOrEqual(1);
    const ranks = told.map(({ status }) => RANK[status]);
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    expect(new Set(told.filter((_, i) => ranks[i] === 3).map(({ status }) => status)).size).toBeLessThanOrEqual(1);
    // Each change is in the log once, and none is removed.
    expect(told.length).toBeGreaterThanOrEqual(intent.seen);
    for (const [i, task] of told.entries()) if (i > 0) expect(task).not.toEqual(told[i - 1]);
    expect(tasks.filter((task) => task.externalTaskId === id).length).toBeLessThanOrEqual(1);
    const stored = records.find((task) => task.externalId === externalId)!;
    expect(RANK[stored.status]).toBeGreaterThanOrEqual(intent.rank);
    if (intent.final !== null) expect(stored.status).toBe(intent.final);
    expect(stored.status).toBe(told.at(-1)?.status ?? 'QUEUED');
    expect(stored.failure !== null).toBe(stored.status === 'FAILED');
    if (stored.status === 'CANCELLED') expect(tasks.filter((task) => task.externalTaskId === id)).toEqual([]);
    intent.rank = RANK[stored.status];
    intent.final = intent.rank === 3 ? stored.status : null;
    intent.seen = told.length;
  }
}

function command(
  name: string,
  externalId: string | null,
  run: (ledger: LedgerStub, model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check: (model) => externalId === null || model.intents.has(externalId),
    async run(model, real) {
      await run(ledgerOf(real.tenant), model, real);
      await checkAll(model, real);
    },
    toString: () => name,
  };
}

/** Creates a task as a front end does: the first call creates it, and every later call returns the same one. */
function create(externalId: string, words: string, atOnce: number): Command {
  return {
    check: () => true,
    async run(model, real) {
      const intent = model.intents.get(externalId) ?? { words, rank: 0, final: null, seen: 0 };
      model.intents.set(externalId, intent);
      const ledger = ledgerOf(real.tenant);
      const input = voiceInput(externalId, `${real.tenant}-${externalId}-${intent.words}`);
      const answers = await Promise.all(Array.from({ length: atOnce }, () => ledger.createVoiceTask(input)));
      const ids = new Set([
        ...answers.map((answer) => valueOf(answer).id),
        real.ids.get(externalId) ?? valueOf(answers[0]!).id,
      ]);
      expect(ids.size).toBe(1);
      real.ids.set(externalId, [...ids][0]!);
      await checkAll(model, real);
    },
    toString: () => `create(${externalId}, ${words}, ${atOnce} at once)`,
  };
}

/** Creates a task while Kling takes none, and cancels it. */
function createAndCancel(externalId: string): Command {
  const made = create(externalId, 'sandbox-never-ends', 1);
  return {
    check: (model) => !model.intents.has(externalId),
    async run(model, real) {
      await real.sandbox.configure({ faults: { tooManyRequests: 1 } });
      await made.run(model, real);
      const answer = await ledgerOf(real.tenant).cancelTask({ id: real.ids.get(externalId)!, kind: 'VOICE' });
      await real.sandbox.configure({ faults: {} });
      expect(valueOf(answer).status).toBe('CANCELLED');
      await checkAll(model, real);
    },
    toString: () => `createAndCancel(${externalId})`,
  };
}

function createWithOtherInput(externalId: string): Command {
  return command(`createWithOtherInput(${externalId})`, externalId, async (ledger) => {
    const answer = await ledger.createVoiceTask(voiceInput(externalId, undefined, 'Somebody else'));
    expect(answer).toMatchObject({ ok: false, failure: { code: 'CONFLICT' } });
  });
}

function callback(externalId: string, status: TaskStatus, about: 'ours' | 'another' | 'none'): Command {
  return command(
    `callback(${externalId}, ${status}, ${about})`,
    externalId,
    async (ledger, _model, { sandbox, ids }) => {
      const id = ids.get(externalId)!;
      const atKling = (await sandbox.record()).tasks.find((task) => task.externalTaskId === id);
      // Kling sends callbacks only about its tasks, and nobody else knows the address.
      if (atKling === undefined) return;
      const klingTaskId = about === 'another' ? 'kling-task-of-another' : atKling.taskId;
      // A forged id is used only once Kling's id is known. Before that, the ledger takes the first id that comes.
      if (about === 'another' && (await ledger.task({ id }))?.klingTaskId === null) return;
      const hint: CallbackHint = { ...snapshotOf(status, { klingTaskId }), shape: 'V1' };
      await ledger.ingest(id, about === 'none' ? null : hint);
    },
  );
}

function advance(externalId: string, status: 'processing' | 'succeed' | 'failed'): Command {
  return command(`advance(${externalId}, ${status})`, externalId, async (_ledger, _model, { sandbox, ids }) => {
    const task = (await sandbox.record()).tasks.find((its) => its.externalTaskId === ids.get(externalId));
    if (task === undefined || task.status === 'succeed' || task.status === 'failed') return;
    await sandbox.advance(task.taskId, status);
  });
}

/** All commands, over a few intents, so that commands often concern the same intent. */
export function commands(): readonly fc.Arbitrary<Command>[] {
  const externalId = fc.constantFrom(...EXTERNAL_IDS);
  const status = fc.constantFrom<TaskStatus>('SUBMITTED', 'PROCESSING', 'UNRECOGNIZED', 'SUCCEEDED', 'FAILED');
  const about = fc.constantFrom('ours' as const, 'ours' as const, 'another' as const, 'none' as const);
  return [
    fc.tuple(externalId, fc.constantFrom(...WORDS), fc.integer({ min: 1, max: 3 })).map((its) => create(...its)),
    externalId.map(createAndCancel),
    externalId.map(createWithOtherInput),
    fc.tuple(externalId, status, about).map((its) => callback(...its)),
    fc
      .tuple(externalId, fc.constantFrom('processing' as const, 'succeed' as const, 'failed' as const))
      .map((its) => advance(...its)),
    externalId.map((id) =>
      command(`read(${id})`, id, async (ledger, _model, { ids }) => {
        expect((await ledger.task({ externalId: id }))?.id).toBe(ids.get(id));
      }),
    ),
    externalId.map((id) =>
      command(`cancel(${id})`, id, async (ledger, _model, { ids }) => {
        const answer = await ledger.cancelTask({ id: ids.get(id)!, kind: 'VOICE' });
        if (!answer.ok) expect(answer.failure.code).toBe('CONFLICT');
        else expect(answer.value.status).toBe('CANCELLED');
      }),
    ),
    fc.tuple(externalId, fc.constantFrom('a', 'b', null)).map(([id, label]) =>
      command(`note(${id}, ${label})`, id, async (ledger, _model, { ids }) => {
        const answer = await ledger.updateTask({ id: ids.get(id)!, kind: 'VOICE', label });
        expect(valueOf(answer).label ?? null).toBe(label);
      }),
    ),
    fc.constant(command('alarm', null, (ledger) => ring(ledger))),
    fc.constant(
      command('evict', null, async (ledger) => {
        await ledger.queuePositionsOf(['-']);
        await evictDurableObject(ledger);
      }),
    ),
  ];
}
