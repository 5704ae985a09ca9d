import type { Ledger, Slice, TaskChangeEvent, TaskReference, Window, WriteName, WriteResult } from '../domain/ports.ts';
import type { TaskRecord } from '../domain/records.ts';
import { createBatch } from '../lib/batch.ts';
import { fromResult, type Result } from './result.ts';
import type { TaskLedger, WritesByRpc } from './task-ledger.ts';

/** Most logs of tasks that one call reads: each may hold 100 changes, and an answer of the object 32 MiB. */
const EVENTS_AT_ONCE = 20;

/** Whom the ledger works for, for the log. */
export interface LedgerCaller {
  /** Undefined where no request causes the calls. */
  readonly requestId?: string;
  /** Called for each task that was made, read by its id or changed. */
  readonly onTask?: (taskId: string) => void;
}

/**
 * A tenant's ledger as the schema asks for it: failures come back as the `GatewayError`s that they were. Objects that are
 * read one by one, such as those of `nodes`, are read together: one call of the ledger for all of a kind.
 */
export function createLedgerPort(ledger: DurableObjectStub<TaskLedger>, { requestId, onTask }: LedgerCaller): Ledger {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `TaskLedger` implements it; a stub has the same methods
  const writes = ledger as unknown as WritesByRpc;
  const readTask = createBatch({
    load: (references: readonly TaskReference[]) => ledger.tasksOf(references, requestId),
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
    async write(name, input) {
      const result = fromResult(await writes[name](input, requestId));
      if (isTask(result)) onTask?.(result.id);
      return result;
    },
    async task(reference) {
      const task = await readTask(reference);
      if (task !== null) onTask?.(task.id);
      return task;
    },
    tasks: async (filter, window) => fromResult(await ledger.tasks(filter, window)),
    faceScan: createBatch({ load: (ids: readonly string[]) => ledger.faceScansOf(ids) }),
    voice: createBatch({ load: (ids: readonly string[]) => ledger.voicesOf(ids) }),
    voices: async (window) => fromResult(await ledger.voices(window)),
    queuePosition: createBatch({ load: (ids: readonly string[]) => ledger.queuePositionsOf(ids) }),
    events: (of, window) => events(of?.id ?? null, window),
    usage: (month) => ledger.usage(month),
  };
}

function isTask(result: WriteResult<WriteName>): result is TaskRecord {
  return 'kind' in result;
}
