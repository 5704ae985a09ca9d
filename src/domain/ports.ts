import { type Result, GatewayError } from '../errors.ts';
import type { ResourcePack, ResourcePackRequest } from './cost.ts';
import { matchesFilter, type Slice, type TaskFilter, type TaskOrder, type Window } from './list.ts';
import type { CreateLipSyncTaskInput, CreateVoiceTaskInput, DeleteVoiceInput, IdentifyFacesInput } from './inputs.ts';
import type { SynthesizeSpeechInput } from './speech.ts';
import type { CreateMediaInput, DeleteMediaInput, MediaRecord, FileUrls } from './media.ts';
import type { Placement } from './placement.ts';
import type { FaceScan, LipSyncTask, Speech, TaskChange, TaskRecord, VoiceTask } from './records.ts';
import {
  isFinal,
  type KlingList,
  type KlingTask,
  type LipSyncStage,
  type NotesInput,
  type TaskKind,
  type Voice,
} from './task.ts';
import type {
  WebhookChange,
  WebhookDelivery,
  WebhookDeliveryStatus,
  WebhookEndpoint,
  WebhookSecret,
} from './webhook.ts';

/** The gateway's id of a task, or the id that the caller chose. */
export type TaskReference =
  | { readonly id: string; readonly externalId?: never }
  | { readonly externalId: string; readonly id?: never };

/** The id and kind of a task. An id with another kind finds no task. */
export interface TaskHandle {
  readonly id: string;
  readonly kind: TaskKind;
}

/** The task that a mutation changes. `kind` is null if the caller's id is not the id of a task. */
export interface NamedTask {
  readonly id: string;
  readonly kind: TaskKind | null;
}

export interface DeletedVoiceResult {
  readonly voiceId: string;
  readonly klingTaskId: string | null;
  readonly klingStatus: string | null;
  readonly klingRequestId: string | null;
}

/** The input and the result of each write of a ledger. */
interface Writes {
  readonly identifyFaces: { readonly input: IdentifyFacesInput; readonly result: FaceScan };
  readonly createVoiceTask: { readonly input: CreateVoiceTaskInput; readonly result: VoiceTask };
  readonly createLipSyncTask: { readonly input: CreateLipSyncTaskInput; readonly result: LipSyncTask };
  /** Returns an outcome for each input, in their order. One that is refused does not stop the others. */
  readonly createLipSyncTasks: {
    readonly input: { readonly inputs: readonly CreateLipSyncTaskInput[] };
    readonly result: readonly Result<LipSyncTask>[];
  };
  readonly synthesizeSpeech: { readonly input: SynthesizeSpeechInput; readonly result: Speech };
  readonly deleteVoice: { readonly input: DeleteVoiceInput; readonly result: DeletedVoiceResult };
  /** Cancels a task that has not been sent. */
  readonly cancelTask: { readonly input: NamedTask; readonly result: TaskRecord };
  /** Makes a new task from one that has failed or was cancelled. */
  readonly retryTask: { readonly input: RetryTaskInput; readonly result: TaskRecord };
  /** Changes the caller's notes on a task. */
  readonly updateTask: { readonly input: NamedTask & NotesInput; readonly result: TaskRecord };
  /** Deletes a task that has ended. */
  readonly deleteTask: { readonly input: NamedTask; readonly result: TaskHandle };
  readonly createMedia: { readonly input: CreateMediaInput; readonly result: MediaRecord };
  readonly deleteMedia: { readonly input: DeleteMediaInput; readonly result: { readonly mediaId: string } };
  readonly createWebhookEndpoint: {
    readonly input: WebhookChange & { readonly url: string };
    readonly result: WebhookSecret;
  };
  readonly updateWebhookEndpoint: { readonly input: NamedEndpoint & WebhookChange; readonly result: WebhookEndpoint };
  readonly rotateWebhookSecret: { readonly input: NamedEndpoint; readonly result: WebhookSecret };
  readonly deleteWebhookEndpoint: { readonly input: NamedEndpoint; readonly result: NamedEndpoint };
  readonly sendTestWebhook: { readonly input: NamedEndpoint; readonly result: WebhookDelivery };
  readonly redeliverWebhook: { readonly input: NamedDelivery; readonly result: WebhookDelivery };
}

/** The input of `retryTask`. */
export interface RetryTaskInput extends NamedTask {
  /** Whether the new task may pay for something that the old one may have paid for. */
  readonly payAgain: boolean;
  readonly externalId?: string | null;
}

/** The endpoint that a mutation names. Null if the caller's id is not the id of an endpoint. */
export interface NamedEndpoint {
  readonly endpointId: string | null;
}

/** The delivery that a mutation names. Null if the caller's id is not the id of a delivery. */
export interface NamedDelivery {
  readonly deliveryId: string | null;
}

/** The scope that allows to write a kind of task, and what belongs to it. */
const WRITE = { LIP_SYNC: 'lipsync:write', VOICE: 'voices:write' } as const satisfies Record<TaskKind, Scope>;

/** Any of them allows a write. */
type AnyOf = readonly [Scope, ...Scope[]];

const WRITE_SCOPES = {
  identifyFaces: () => [WRITE.LIP_SYNC],
  createVoiceTask: () => [WRITE.VOICE],
  createLipSyncTask: () => [WRITE.LIP_SYNC],
  createLipSyncTasks: () => [WRITE.LIP_SYNC],
  synthesizeSpeech: () => [WRITE.LIP_SYNC],
  deleteVoice: ({ anyOwner }) => [anyOwner ? 'operator' : WRITE.VOICE],
  cancelTask: scopesOfTask,
  retryTask: scopesOfTask,
  updateTask: scopesOfTask,
  deleteTask: scopesOfTask,
  // A file may become the video of a lip-sync as well as the sample of a voice.
  createMedia: () => [WRITE.LIP_SYNC, WRITE.VOICE],
  deleteMedia: () => [WRITE.LIP_SYNC, WRITE.VOICE],
  createWebhookEndpoint: () => ['webhooks:write'],
  updateWebhookEndpoint: () => ['webhooks:write'],
  rotateWebhookSecret: () => ['webhooks:write'],
  deleteWebhookEndpoint: () => ['webhooks:write'],
  sendTestWebhook: () => ['webhooks:write'],
  redeliverWebhook: () => ['webhooks:write'],
} as const satisfies { readonly [Name in WriteName]: (input: WriteInput<Name>) => AnyOf };

function scopesOfTask({ kind }: NamedTask): AnyOf {
  return kind === null ? [WRITE.LIP_SYNC, WRITE.VOICE] : [WRITE[kind]];
}

export type WriteName = keyof Writes;
export type WriteInput<Name extends WriteName> = Writes[Name]['input'];
export type WriteResult<Name extends WriteName> = Writes[Name]['result'];

/** Whether a write that is repeated needs a key of the caller, so that it is not carried out twice. */
export const NEEDS_KEY = {
  createVoiceTask: true,
  createLipSyncTask: true,
  createLipSyncTasks: true,
  identifyFaces: true,
  synthesizeSpeech: true,
  deleteVoice: false,
  cancelTask: false,
  retryTask: true,
  updateTask: false,
  deleteTask: false,
  createWebhookEndpoint: false,
  updateWebhookEndpoint: false,
  rotateWebhookSecret: false,
  deleteWebhookEndpoint: false,
  sendTestWebhook: false,
  redeliverWebhook: false,
  // A file that is registered twice is deleted after a day without bytes.
  createMedia: false,
  deleteMedia: false,
} as const satisfies Record<WriteName, boolean>;

/** Returns the scopes of which a write needs any. */
export function writeScopes<Name extends WriteName>(name: Name, input: WriteInput<Name>): AnyOf {
  const scopesOf: { readonly [Each in WriteName]: (given: WriteInput<Each>) => AnyOf } = WRITE_SCOPES;
  return scopesOf[name](input);
}

/**
 * The work of one tenant. Methods throw only `GatewayError`. Objects of other tenants do not exist. The ledger checks
 * an input completely before it pays for anything.
 */
export interface Ledger {
  /** Runs the write of a mutation. */
  write<Name extends WriteName>(name: Name, input: WriteInput<Name>): Promise<WriteResult<Name>>;
  task(reference: TaskReference): Promise<TaskRecord | null>;
  /** Lists the newest tasks first by default. A cursor is a place in the time of creation, in either order and any filter. */
  tasks(filter: TaskFilter, window: Window, order?: TaskOrder): Promise<Slice<TaskRecord>>;
  faceScan(id: string): Promise<FaceScan | null>;
  faceScans(window: Window): Promise<Slice<FaceScan>>;
  /** Returns a speech of the tenant by its `audioId`. */
  speech(audioId: string): Promise<Speech | null>;
  speeches(window: Window): Promise<Slice<Speech>>;
  /** Returns a voice that the tenant made. */
  voice(voiceId: string): Promise<Voice | null>;
  voices(window: Window): Promise<Slice<Voice>>;
  /** Returns a file of the tenant. */
  mediaById(id: string): Promise<MediaRecord | null>;
  media(window: Window): Promise<Slice<MediaRecord>>;
  /** Returns how many bytes of a file are stored. Throws `UPSTREAM_UNAVAILABLE` if its upload does not answer. */
  receivedBytes(mediaId: string): Promise<number>;
  fileUsage(): Promise<FileUsage>;
  /** Returns how many of the tenant's tasks wait before this one; null if it does not wait. */
  queuePosition(taskId: string): Promise<number | null>;
  /** Returns the changes that a watch lets through, oldest first; none if its task does not exist. */
  events(watch: Watch, window: Window): Promise<Slice<TaskChange>>;
  /** `month` is in UTC, such as `2026-11`. */
  usage(month: string): Promise<Usage>;
  /** Makes every check of the write `createLipSyncTask`, and throws as that does. Writes nothing, and does not call Kling. */
  lipSyncQuote(input: CreateLipSyncTaskInput): Promise<LipSyncQuote>;
  webhookEndpoint(id: string): Promise<WebhookEndpoint | null>;
  /** Returns all endpoints, newest first. */
  webhookEndpoints(): Promise<readonly WebhookEndpoint[]>;
  webhookDelivery(id: string): Promise<WebhookDelivery | null>;
  /** Lists the deliveries of an endpoint, newest first; none if it does not exist. `status` null means all. */
  webhookDeliveries(
    endpointId: string,
    status: WebhookDeliveryStatus | null,
    window: Window,
  ): Promise<Slice<WebhookDelivery>>;
}

/** The estimate of a lip-sync. */
export interface LipSyncQuote {
  /** In thousandths of a unit. 0 if the external id returns a task that exists. */
  readonly milliunits: number;
  /** The expected cost of each step, in their order. */
  readonly costs: readonly StageCost[];
  /** Null if it depends on a scan or a speech that is not made yet. */
  readonly placement: Placement | null;
}

/** The expected cost of a step of a lip-sync, in units. */
export interface StageCost {
  readonly stage: LipSyncStage;
  readonly unitsEstimated: string;
}

/** The charges of a tenant in a calendar month, in thousandths of a unit. `milliunitsMax` is null without a budget. */
export interface Usage {
  readonly milliunits: number;
  readonly milliunitsMax: number | null;
}

/** The bytes of all files that the gateway keeps for a tenant, unfinished ones included, and the most that it keeps. */
export interface FileUsage {
  readonly bytes: number;
  readonly bytesMax: number;
}

/** A list whose tasks can be read one by one. */
export type ReadableList = Exclude<KlingList, 'PRESET_VOICES'>;

/** The reads that go through to Kling, across tenants. */
export interface Upstream {
  /** Returns every voice of Kling's library once, in Kling's order. The list may be some minutes old. */
  presetVoices(): Promise<readonly Voice[]>;
  /** Returns a page of one of Kling's lists. */
  klingTasks(list: KlingList, page: PageRequest): Promise<UpstreamPage<KlingTask>>;
  /** Returns one task, by Kling's id or by its `external_task_id`; null if Kling does not know it. */
  klingTask(list: ReadableList, id: string): Promise<KlingTask | null>;
  /** Kling allows one call per second. */
  listResourcePacks(request: ResourcePackRequest): Promise<UpstreamPage<ResourcePack>>;
}

/** A page of a list at Kling. `page` counts from 1. */
export interface PageRequest {
  readonly page: number;
  readonly pageSize: number;
}

/** A page as Kling sent it. */
export interface UpstreamPage<T> {
  readonly items: readonly T[];
  readonly klingRequestId: string | null;
}

/** The subject of a subscription, and of a reader of the log. The filter is matched against the task after each change. */
export interface Watch {
  /** Null for all tasks. */
  readonly task: TaskHandle | null;
  readonly filter: TaskFilter;
}

/** The place where the present state of a list continues. Its pages are all of the same moment. */
export interface PresentPlace {
  /** The tasks that are left to send, by their number in the ledger. */
  readonly taskSeqs: readonly number[];
  /** The newest event that the state covers. */
  readonly headSeq: number;
  readonly resync: boolean;
}

/** The events that a subscriber gets before live ones: the present state, or a page of missed events up to `headSeq`. */
export interface CatchUp {
  /** The newest event that is covered. Later ones are still to be sent. */
  readonly headSeq: number;
  readonly headCursor: string;
  /** True if more events were missed than fit on a page. */
  readonly hasMore: boolean;
  /** The place where the present state continues; null if it is complete or was not requested. */
  readonly rest: PresentPlace | null;
  /** True if changes that the subscriber has missed are deleted. */
  readonly resync: boolean;
  /** True if the one watched task is final, so nothing follows `events`. */
  readonly isOver: boolean;
  readonly events: readonly TaskChange[];
}

/** Returns true if a watch lets a change through, after which the task is this record. */
export function isWatched({ task, filter }: Watch, record: TaskRecord): boolean {
  return (task === null || record.id === task.id) && matchesFilter(filter, record);
}

/** Returns true for the end of the one watched task, also if the filter hides it. Nothing follows. */
export function isEnd({ task }: Watch, record: TaskRecord): boolean {
  return task?.id === record.id && isFinal(record.status);
}

/** The scopes of a token. `operator` allows the query `operator`: an operator of the gateway need not be a tenant. */
export const SCOPES = [
  'voices:read',
  'voices:write',
  'lipsync:read',
  'lipsync:write',
  'webhooks:read',
  'webhooks:write',
  'operator',
] as const;

export type Scope = (typeof SCOPES)[number];

/** The authenticated caller, as plain data that is stored with a socket and sent between objects. */
export interface Viewer {
  /** The owner of the tasks, voices and face scans that the viewer sees. Visible ASCII, at most 128 characters. */
  readonly tenant: string;
  /** The token's `sub`; null if no token is required. */
  readonly subject: string | null;
  readonly scopes: readonly Scope[];
  /** The end of the token, in milliseconds since the epoch; null if it never ends. */
  readonly expiresAtMs: number | null;
}

/** The viewer of every request if no token is required, as in development. */
export const EVERYBODY: Viewer = { tenant: 'default', subject: null, scopes: SCOPES, expiresAtMs: null };

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}

/** Checks the id of a tenant. It names a Durable Object, and is part of keys that a line break ends. */
export function isTenant(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value);
}

export function isPermitted({ scopes }: Viewer, scope: Scope): boolean {
  return scopes.includes(scope);
}

/** Throws `FORBIDDEN` for a viewer with none of the scopes. The error names the last one. */
export function requireScope(viewer: Viewer, ...anyOf: readonly [Scope, ...Scope[]]): void {
  if (anyOf.some((scope) => isPermitted(viewer, scope))) return;
  const message = `The token lacks the scope "${anyOf.at(-1)}".`;
  throw new GatewayError({ code: 'FORBIDDEN', message, retryable: false });
}

/** The context of resolvers. It is created for each request, and nothing in it outlives the request. */
export interface GatewayContext {
  /** The id of the request, in the header `x-request-id`, in log lines, and in `extensions.requestId` of every error. */
  readonly requestId: string;
  /** Returns milliseconds since the epoch. */
  readonly now: () => number;
  readonly viewer: Viewer;
  /** The ledger of the viewer's tenant. Its methods throw `FORBIDDEN` outside the viewer's scopes. */
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  /** The URLs of uploads and files. Null if the gateway keeps no files. */
  readonly files: FileUrls | null;
}
