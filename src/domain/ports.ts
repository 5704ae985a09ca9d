import type { ResourcePack, ResourcePackRequest } from './cost.ts';
import type {
  CreateLipSyncTaskInput,
  CreateVoiceInput,
  DeleteVoiceInput,
  IdentifyFacesInput,
  SynthesizeSpeechInput,
} from './inputs.ts';
import type { FaceScan, LipSyncTask, Speech, TaskRecord, VoiceTask } from './records.ts';
import type { LipSyncSnapshot, TaskKind, TaskStatus, Voice, VoiceTaskSnapshot } from './task.ts';
import type { Scope } from './viewer.ts';

/** What the schema asks for. `ledger/` and `kling/` answer it; `context.ts` puts them together. */

/** A task by the gateway's id or by the caller's own: exactly one. */
export type TaskReference =
  | { readonly id: string; readonly externalId?: never }
  | { readonly externalId: string; readonly id?: never };

/** A task that a caller has named or been shown: under another kind it is not there. */
export interface TaskHandle {
  readonly id: string;
  readonly kind: TaskKind;
}

/** A window of a list: `first` items behind the cursor `after` (opaque; null is the start). */
export interface Window {
  readonly first: number;
  readonly after: string | null;
}

/** What a window showed. Each item comes with the cursor that continues behind it. */
export interface Slice<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly hasNextPage: boolean;
}

/** One change of a task: the task as it was right after it. `resync`: changes before this one are no longer kept. */
export interface TaskChangeEvent {
  /** Gapless within the tenant. */
  readonly seq: number;
  /** `seq` as callers see and give it back. */
  readonly cursor: string;
  readonly atMs: number;
  readonly task: TaskRecord;
  readonly resync: boolean;
}

export interface TaskFilter {
  readonly kind: TaskKind | null;
  /** Empty: all. */
  readonly statuses: readonly TaskStatus[];
}

export interface DeletedVoiceResult {
  readonly voiceId: string;
  readonly klingTaskId: string | null;
  readonly klingStatus: string | null;
  readonly klingRequestId: string | null;
}

/** What each write of a ledger takes, and what it answers with. */
interface Writes {
  readonly identifyFaces: { readonly input: IdentifyFacesInput; readonly result: FaceScan };
  readonly createVoice: { readonly input: CreateVoiceInput; readonly result: VoiceTask };
  readonly createLipSyncTask: { readonly input: CreateLipSyncTaskInput; readonly result: LipSyncTask };
  readonly synthesizeSpeech: { readonly input: SynthesizeSpeechInput; readonly result: Speech };
  readonly deleteVoice: { readonly input: DeleteVoiceInput; readonly result: DeletedVoiceResult };
  /** Takes back a task that has not been sent. */
  readonly cancelQueued: { readonly input: TaskHandle; readonly result: TaskRecord };
}

/** The scope that writes each kind of task, and what belongs to it. */
const WRITE = { LIP_SYNC: 'lipsync:write', VOICE: 'voices:write' } as const satisfies Record<TaskKind, Scope>;

const SCOPES = {
  identifyFaces: () => WRITE.LIP_SYNC,
  createVoice: () => WRITE.VOICE,
  createLipSyncTask: () => WRITE.LIP_SYNC,
  synthesizeSpeech: () => WRITE.LIP_SYNC,
  deleteVoice: () => WRITE.VOICE,
  cancelQueued: ({ kind }) => WRITE[kind],
} as const satisfies { readonly [Name in WriteName]: (input: WriteInput<Name>) => Scope };

export type WriteName = keyof Writes;
export type WriteInput<Name extends WriteName> = Writes[Name]['input'];
export type WriteResult<Name extends WriteName> = Writes[Name]['result'];

/** The scope that a write needs. */
export function writeScope<Name extends WriteName>(name: Name, input: WriteInput<Name>): Scope {
  const scopeOf: { readonly [Each in WriteName]: (given: WriteInput<Each>) => Scope } = SCOPES;
  return scopeOf[name](input);
}

/**
 * The tenant's own work. Every method throws a `GatewayError` and nothing else; a thing of another tenant does not exist.
 * Inputs are checked inside, whole, before anything is paid for.
 */
export interface Ledger {
  /** Makes one change of the tenant's work, named as its mutation. */
  write<Name extends WriteName>(name: Name, input: WriteInput<Name>): Promise<WriteResult<Name>>;
  task(reference: TaskReference): Promise<TaskRecord | null>;
  tasks(filter: TaskFilter, window: Window): Promise<Slice<TaskRecord>>;
  faceScan(id: string): Promise<FaceScan | null>;
  /** A voice of the tenant's own. */
  voice(voiceId: string): Promise<Voice | null>;
  voices(window: Window): Promise<Slice<Voice>>;
  /** How many of the tenant's own tasks wait before this one; null when it does not wait. */
  queuePosition(taskId: string): Promise<number | null>;
  /** Changes in order, oldest first, of one task or of all (null). */
  events(task: TaskHandle | null, window: Window): Promise<Slice<TaskChangeEvent>>;
  /** `month` as `2026-11`, UTC. */
  usage(month: string): Promise<Usage>;
}

/** What a tenant was charged in a calendar month, in thousandths of a unit. `milliunitsMax` null: no budget is set. */
export interface Usage {
  readonly milliunits: number;
  readonly milliunitsMax: number | null;
}

/** What is read through from Kling as it stands, across tenants. */
export interface Upstream {
  /** Every voice of Kling's library once, in Kling's order. It may be some minutes old. */
  presetVoices(): Promise<readonly Voice[]>;
  listPresetVoices(page: PageRequest): Promise<UpstreamPage<Voice>>;
  listVoiceTasks(page: PageRequest): Promise<UpstreamPage<VoiceTaskSnapshot>>;
  listLipSyncTasks(page: PageRequest): Promise<UpstreamPage<LipSyncSnapshot>>;
  /** At most one call a second. */
  listResourcePacks(request: ResourcePackRequest): Promise<UpstreamPage<ResourcePack>>;
}

/** One page of a list at Kling. `page` counts from 1. */
export interface PageRequest {
  readonly page: number;
  readonly pageSize: number;
}

/** One page as Kling answered it. */
export interface UpstreamPage<T> {
  readonly items: readonly T[];
  readonly klingRequestId: string | null;
}

/** A page of Kling's library. Kling sends items that hold no voice, one voice, or several. */
export interface PresetVoicePage extends UpstreamPage<Voice> {
  /** How many items Kling sent. 0: the page lies past the end of the library. */
  readonly itemsSent: number;
}
