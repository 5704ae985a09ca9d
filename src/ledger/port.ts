import type { Ledger, Slice, TaskChangeEvent, TaskReference, Window } from '../domain/ports.ts';
import { createBatch } from '../lib/batch.ts';
import { fromResult, type Result } from './result.ts';
import type { TaskLedger } from './task-ledger.ts';

/** Most logs of tasks that one call reads: each may hold 100 changes, and an answer of the object 32 MiB. */
const EVENTS_AT_ONCE = 20;

/**
 * A tenant's ledger as the schema asks for it: failures come back as the `GatewayError`s that they were. Objects that are
 * read one by one, such as those of `nodes`, are read together: one call of the ledger for all of a kind.
 */
export function createLedgerPort(ledger: DurableObjectStub<TaskLedger>): Ledger {
  const task = createBatch({
    load: (references: readonly TaskReference[]) => ledger.tasksOf(references),
    textOf: ({ id, externalId }) => (id === undefined ? `external ${externalId}` : `id ${id}`),
  });
  const eventsOf = createBatch({
    load: (asked: readonly (readonly [string, Window])[]): Promise<Result<Slice<TaskChangeEvent>>[]> =>
      ledger.eventsOf(asked),
    textOf: (asked) => JSON.stringify(asked),
    keysMax: EVENTS_AT_ONCE,
  });

  async function events(taskId: string | null, window: Window): Promise<Slice<TaskChangeEvent>> {
    const result = taskId === null ? await ledger.events(null, window) : await eventsOf([taskId, window]);
    if (result === null) throw new TypeError('the ledger left out an answer');
    return fromResult(result);
  }

  return {
    createVoice: async (input) => fromResult(await ledger.createVoice(input)),
    createLipSyncTask: async (input) => fromResult(await ledger.createLipSyncTask(input)),
    identifyFaces: async (input) => fromResult(await ledger.identifyFaces(input)),
    synthesizeSpeech: async (input) => fromResult(await ledger.synthesizeSpeech(input)),
    deleteVoice: async (input) => fromResult(await ledger.deleteVoice(input)),
    task,
    tasks: async (filter, window) => fromResult(await ledger.tasks(filter, window)),
    faceScan: createBatch({ load: (ids: readonly string[]) => ledger.faceScansOf(ids) }),
    voice: createBatch({ load: (ids: readonly string[]) => ledger.voicesOf(ids) }),
    voices: async (window) => fromResult(await ledger.voices(window)),
    cancelQueued: async ({ id, kind }) => fromResult(await ledger.cancelQueued({ id, kind })),
    queuePosition: createBatch({ load: (ids: readonly string[]) => ledger.queuePositionsOf(ids) }),
    events: (of, window) => events(of?.id ?? null, window),
    usage: (month) => ledger.usage(month),
  };
}
