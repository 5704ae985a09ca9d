import type { Ledger, Upstream } from '../domain/ports.ts';

/**
 * A tenant's ledger for the time of one event: each read is made once, however many operations need it. It stands below
 * the scopes, which every operation checks for itself. Writes are refused: no field of an event writes.
 */
export function createSharedReads(ledgerOf: () => Ledger): Ledger {
  const reads = new Map<string, Promise<unknown>>();

  function share<T>(read: (ledger: Ledger) => Promise<T>, ...what: readonly unknown[]): Promise<T> {
    const key = JSON.stringify(what);
    const known = reads.get(key);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key names one read and its arguments
    if (known !== undefined) return known as Promise<T>;
    const made = read(ledgerOf());
    reads.set(key, made);
    return made;
  }

  return {
    task: (reference) => share((ledger) => ledger.task(reference), 'task', reference),
    tasks: (filter, window) => share((ledger) => ledger.tasks(filter, window), 'tasks', filter, window),
    faceScan: (id) => share((ledger) => ledger.faceScan(id), 'faceScan', id),
    voice: (voiceId) => share((ledger) => ledger.voice(voiceId), 'voice', voiceId),
    voices: (window) => share((ledger) => ledger.voices(window), 'voices', window),
    queuePosition: (taskId) => share((ledger) => ledger.queuePosition(taskId), 'queuePosition', taskId),
    events: (task, window) => share((ledger) => ledger.events(task, window), 'events', task?.id ?? null, window),
    usage: (month) => share((ledger) => ledger.usage(month), 'usage', month),
    write: refuse,
  };
}

async function refuse(): Promise<never> {
  throw new Error('a subscription wrote to the ledger');
}

/** No field of an event reads from Kling. */
export const NO_UPSTREAM: Upstream = {
  presetVoices: refuseList,
  listPresetVoices: refuseList,
  listVoiceTasks: refuseList,
  listLipSyncTasks: refuseList,
  listResourcePacks: refuseList,
};

async function refuseList(): Promise<never> {
  throw new Error('a subscription read a list of Kling');
}
