import type { Ledger } from '../domain/ports.ts';
import { fromResult } from './result.ts';
import type { TaskLedger } from './task-ledger.ts';

/** A tenant's ledger as the schema asks for it: failures come back as the `GatewayError`s that they were. */
export function createLedgerPort(ledger: DurableObjectStub<TaskLedger>): Ledger {
  return {
    createVoice: async (input) => fromResult(await ledger.createVoice(input)),
    createLipSyncTask: async (input) => fromResult(await ledger.createLipSyncTask(input)),
    identifyFaces: async (input) => fromResult(await ledger.identifyFaces(input)),
    synthesizeSpeech: async (input) => fromResult(await ledger.synthesizeSpeech(input)),
    deleteVoice: async (input) => fromResult(await ledger.deleteVoice(input)),
    task: (reference) => ledger.task(reference),
    tasks: async (filter, window) => fromResult(await ledger.tasks(filter, window)),
    faceScan: (id) => ledger.faceScan(id),
    voice: (voiceId) => ledger.voice(voiceId),
    voices: async (window) => fromResult(await ledger.voices(window)),
    cancelQueued: async ({ id, kind }) => fromResult(await ledger.cancelQueued({ id, kind })),
    queuePosition: (taskId) => ledger.queuePosition(taskId),
    events: async (task, window) => fromResult(await ledger.events(task?.id ?? null, window)),
    usage: (month) => ledger.usage(month),
  };
}
