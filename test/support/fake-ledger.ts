import type { CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import {
  type FileUsage,
  isWatched,
  type Ledger,
  type LipSyncQuote,
  type PageRequest,
  type ReadableList,
  type TaskReference,
  type Upstream,
  type UpstreamPage,
  type Usage,
  type Watch,
  type WriteInput,
  type WriteName,
  type WriteResult,
} from '../../src/domain/ports.ts';
import type { MediaRecord } from '../../src/domain/media.ts';
import type { FaceScan, LipSyncTask, Speech, TaskChange, TaskRecord, VoiceTask } from '../../src/domain/records.ts';
import type { ResourcePack, ResourcePackRequest } from '../../src/domain/cost.ts';
import type { KlingList, KlingTask, Voice } from '../../src/domain/task.ts';
import { matchesFilter, type Slice, type TaskFilter, type TaskOrder, type Window } from '../../src/domain/list.ts';
import type { WebhookDelivery, WebhookDeliveryStatus, WebhookEndpoint } from '../../src/domain/webhook.ts';
import { badUserInput } from '../../src/errors.ts';

const CREATED_AT_MS = Date.parse('2026-09-01T12:00:00Z');

/** The result of each write. */
const WRITTEN: { readonly [Name in WriteName]: (input: WriteInput<Name>) => WriteResult<Name> } = {
  identifyFaces: () => faceScan('scan-1'),
  createVoiceTask: () => voiceTask('voice-task-1'),
  createLipSyncTask: () => lipSyncTask('lip-sync-1'),
  createLipSyncTasks: ({ inputs }) => inputs.map((_, at) => ({ ok: true, value: lipSyncTask(`lip-sync-${at + 1}`) })),
  synthesizeSpeech: () => speech,
  deleteVoice: ({ voiceId }) => ({
    voiceId: voiceId ?? '',
    klingTaskId: null,
    klingStatus: 'succeed',
    klingRequestId: 'request-1',
  }),
  cancelTask: ({ id }) => lipSyncTask(id),
  retryTask: ({ id }) => lipSyncTask('lip-sync-2', { retryOf: id }),
  createMedia: ({ kind }) => mediaRecord('media-1', { kind, status: 'UPLOADING', facts: null }),
  deleteMedia: ({ mediaId }) => ({ mediaId: mediaId ?? '' }),
  updateTask: ({ id, label = null }) => lipSyncTask(id, { label }),
  deleteTask: ({ id }) => ({ id, kind: 'LIP_SYNC' }),
  createWebhookEndpoint: () => ({ endpoint: ENDPOINT, secret: 'whsec_shown', previousSecretExpiresAtMs: null }),
  updateWebhookEndpoint: () => ENDPOINT,
  rotateWebhookSecret: () => ({ endpoint: ENDPOINT, secret: 'whsec_new', previousSecretExpiresAtMs: CREATED_AT_MS }),
  deleteWebhookEndpoint: ({ endpointId }) => ({ endpointId }),
  sendTestWebhook: () => DELIVERY,
  redeliverWebhook: () => DELIVERY,
};

const ENDPOINT: WebhookEndpoint = {
  id: 'endpoint-1',
  url: 'https://receiver.test/hook',
  description: 'mine',
  statuses: ['SUCCEEDED'],
  isPaused: false,
  pausedReason: null,
  createdAtMs: CREATED_AT_MS,
};

const DELIVERY: WebhookDelivery = {
  id: 'endpoint-1:1',
  endpoint: ENDPOINT,
  url: ENDPOINT.url,
  task: { id: 'lip-sync-1', kind: 'LIP_SYNC' },
  status: 'SUCCEEDED',
  createdAtMs: CREATED_AT_MS,
  nextAttemptAtMs: null,
  attempts: [{ atMs: CREATED_AT_MS, durationMs: 12, responseStatus: 204, responseBody: '', error: null }],
};

/** A ledger in memory that accepts everything. `calls` lists every method call with its arguments. */
export class FakeLedger implements Ledger {
  readonly calls: [method: string, ...args: unknown[]][] = [];
  /** Newest first. */
  tasksKept: TaskRecord[] = [];
  voicesKept: Voice[] = [];
  scans: FaceScan[] = [];
  speechesKept: Speech[] = [];
  mediaKept: MediaRecord[] = [];
  /** Thrown by the next call of any method. */
  failure: unknown = null;

  async write<Name extends WriteName>(name: Name, input: WriteInput<Name>): Promise<WriteResult<Name>> {
    this.#called(name, input);
    return WRITTEN[name](input);
  }
  async task(reference: TaskReference): Promise<TaskRecord | null> {
    this.#called('task', reference);
    const { id, externalId } = reference;
    return this.tasksKept.find((task) => (id === undefined ? task.externalId === externalId : task.id === id)) ?? null;
  }
  async tasks(filter: TaskFilter, window: Window, order?: TaskOrder): Promise<Slice<TaskRecord>> {
    this.#called('tasks', filter, window, order);
    const matching = this.tasksKept.filter((task) => matchesFilter(filter, task));
    return sliced(order === 'OLDEST_FIRST' ? matching.toReversed() : matching, window);
  }
  async faceScan(id: string): Promise<FaceScan | null> {
    this.#called('faceScan', id);
    return this.scans.find((scan) => scan.id === id) ?? null;
  }
  async faceScans(window: Window): Promise<Slice<FaceScan>> {
    this.#called('faceScans', window);
    return sliced(this.scans, window);
  }
  async speech(audioId: string): Promise<Speech | null> {
    this.#called('speech', audioId);
    return this.speechesKept.find((kept) => kept.audioId === audioId) ?? null;
  }
  async speeches(window: Window): Promise<Slice<Speech>> {
    this.#called('speeches', window);
    return sliced(this.speechesKept, window);
  }
  async voice(voiceId: string): Promise<Voice | null> {
    this.#called('voice', voiceId);
    return this.voicesKept.find((kept) => kept.voiceId === voiceId) ?? null;
  }
  async voices(window: Window): Promise<Slice<Voice>> {
    this.#called('voices', window);
    return sliced(this.voicesKept, window);
  }
  async mediaById(id: string): Promise<MediaRecord | null> {
    this.#called('mediaById', id);
    return this.mediaKept.find((kept) => kept.id === id) ?? null;
  }
  async media(window: Window): Promise<Slice<MediaRecord>> {
    this.#called('media', window);
    return sliced(this.mediaKept, window);
  }
  async receivedBytes(mediaId: string): Promise<number> {
    this.#called('receivedBytes', mediaId);
    return 1_000;
  }

  async queuePosition(taskId: string): Promise<number | null> {
    this.#called('queuePosition', taskId);
    return 3;
  }
  async events(watch: Watch, window: Window): Promise<Slice<TaskChange>> {
    this.#called('events', watch, window);
    const watched = this.tasksKept.filter((task) => isWatched(watch, task));
    const changes = watched.map((task, at) => {
      return { seq: at + 1, cursor: `at-${at + 1}`, atMs: CREATED_AT_MS, task, resync: false };
    });
    return sliced(changes, window);
  }
  async fileUsage(): Promise<FileUsage> {
    this.#called('fileUsage');
    return { bytes: 3_000_000_000, bytesMax: 10_000_000_000 };
  }
  async usage(month: string): Promise<Usage> {
    this.#called('usage', month);
    return { milliunits: 1500, milliunitsMax: 10_000 };
  }

  async lipSyncQuote(input: CreateLipSyncTaskInput): Promise<LipSyncQuote> {
    this.#called('lipSyncQuote', input);
    return {
      milliunits: 1500,
      costs: [{ stage: 'SYNCING', unitsEstimated: '1.5' }],
      placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 1000 },
    };
  }

  async webhookEndpoint(id: string): Promise<WebhookEndpoint | null> {
    this.#called('webhookEndpoint', id);
    return id === ENDPOINT.id ? ENDPOINT : null;
  }

  async webhookEndpoints(): Promise<readonly WebhookEndpoint[]> {
    this.#called('webhookEndpoints');
    return [ENDPOINT];
  }

  async webhookDelivery(id: string): Promise<WebhookDelivery | null> {
    this.#called('webhookDelivery', id);
    return id === DELIVERY.id ? DELIVERY : null;
  }

  async webhookDeliveries(
    endpointId: string,
    status: WebhookDeliveryStatus | null,
    window: Window,
  ): Promise<Slice<WebhookDelivery>> {
    this.#called('webhookDeliveries', endpointId, status, window);
    return sliced([DELIVERY], window);
  }

  #called(method: string, ...args: unknown[]): void {
    this.calls.push([method, ...args]);
    if (this.failure === null) return;
    const { failure } = this;
    this.failure = null;
    throw failure;
  }
}

/** Kling's lists in memory. `reads` lists the requested pages, where null means the whole library, and the tasks. */
export class FakeUpstream implements Upstream {
  readonly reads: [list: string, page: PageRequest | string | null][] = [];
  /** The pages of preset voices. All pages after them are empty. */
  presetPages: Voice[][] = [];
  packs: ResourcePack[] = [];
  readonly packRequests: ResourcePackRequest[] = [];
  failure: unknown = null;

  async presetVoices(): Promise<readonly Voice[]> {
    return this.#page('library', null, this.presetPages.flat()).items;
  }
  async klingTasks(list: KlingList, page: PageRequest): Promise<UpstreamPage<KlingTask>> {
    return this.#page(list, page, this.#tasks(list, page.page));
  }
  /** Knows the one task of each list, by Kling's id. */
  async klingTask(list: ReadableList, id: string): Promise<KlingTask | null> {
    const [task] = this.#page(list, id, this.#tasks(list, 1)).items;
    return task?.klingTaskId === id ? task : null;
  }

  async listResourcePacks(request: ResourcePackRequest): Promise<UpstreamPage<ResourcePack>> {
    this.packRequests.push(request);
    return { items: this.packs, klingRequestId: 'read-1' };
  }

  #tasks(list: KlingList, page: number): KlingTask[] {
    if (list === 'CUSTOM_VOICES') return [{ ...snapshot('k-voice'), voices: [voice('made')] }];
    if (list === 'PRESET_VOICES') {
      return (this.presetPages[page - 1] ?? []).map((preset) => ({
        ...snapshot(''),
        klingStatus: '',
        voices: [preset],
      }));
    }
    const { parentVideo, videos } = lipSyncTask('any');
    return [{ ...snapshot('k-lip-sync'), parentVideo, videos, watermarkEnabled: null }];
  }

  #page<T>(list: string, page: PageRequest | string | null, items: readonly T[]): UpstreamPage<T> {
    this.reads.push([list, page]);
    if (this.failure !== null) throw this.failure;
    return { items, klingRequestId: 'read-1' };
  }
}

function sliced<T>(items: readonly T[], { first, after }: Window): Slice<T> {
  const start = after === null ? 0 : Number(/^at-(\d+)$/.exec(after)?.[1] ?? Number.NaN);
  if (Number.isNaN(start))
    throw badUserInput([{ path: ['after'], code: 'MALFORMED', message: 'is not a cursor of this list' }]);
  const edges = items.slice(start, start + first).map((node, at) => ({ cursor: `at-${start + at + 1}`, node }));
  return { edges, hasNextPage: items.length > start + first };
}

const common = {
  externalId: null,
  klingTaskId: 'kling-1',
  status: 'SUCCEEDED',
  klingStatus: 'succeed',
  failure: null,
  createdAtMs: CREATED_AT_MS,
  updatedAtMs: CREATED_AT_MS + 1000,
  startedAtMs: CREATED_AT_MS + 500,
  endedAtMs: CREATED_AT_MS + 1000,
  expiresAtMs: CREATED_AT_MS + 2000,
  unitsEstimated: '0.5',
  unitsDeducted: '0.5',
  balanceDeducted: { quota: '0.07', listPrice: '0.14' },
  klingRequestId: 'request-1',
} as const;

export function lipSyncTask(id: string, changes: Partial<LipSyncTask> = {}): LipSyncTask {
  return {
    ...common,
    kind: 'LIP_SYNC',
    id,
    parentVideo: { videoId: 'parent', url: 'https://k.test/parent.mp4', durationMs: 5100 },
    videos: [{ videoId: 'made', url: 'https://k.test/made.mp4', watermarkUrl: null, durationMs: 5100 }],
    watermarkEnabled: false,
    ...changes,
  };
}

export function voiceTask(id: string, changes: Partial<VoiceTask> = {}): VoiceTask {
  return { ...common, kind: 'VOICE', id, voices: [voice('made')], ...changes };
}

export function voice(voiceId: string, changes: Partial<Voice> = {}): Voice {
  return { voiceId, name: `Voice ${voiceId}`, trialUrl: null, owner: 'ACCOUNT', ownerId: '42', ...changes };
}

export function faceScan(id: string): FaceScan {
  const face = { faceId: '0', imageUrl: 'https://k.test/face.png', startMs: 0, endMs: 5200 };
  return {
    id,
    externalId: 'scan-mine',
    sessionId: 'session-1',
    video: { url: 'https://k.test/given.mp4' },
    faces: [face, { ...face, faceId: 'a:b' }],
    unitsDeducted: '0.05',
    createdAtMs: CREATED_AT_MS,
    expiresAtMs: CREATED_AT_MS + 86_400_000,
    klingRequestId: 'request-1',
  };
}

export const speech: Speech = {
  externalId: 'speech-mine',
  audioId: 'audio-1',
  url: 'https://k.test/speech.mp3',
  durationMs: 3000,
  klingTaskId: 'kling-2',
  unitsDeducted: '0.05',
  createdAtMs: CREATED_AT_MS,
  klingRequestId: 'request-1',
  text: 'Hello',
  voiceId: 'oversea_male1',
  language: 'en',
  speed: 1.2,
};

function snapshot(klingTaskId: string) {
  return {
    klingTaskId,
    externalTaskId: null,
    status: 'SUCCEEDED',
    klingStatus: 'succeed',
    statusMessage: null,
    createdAtMs: CREATED_AT_MS,
    updatedAtMs: null,
    unitsDeducted: '0.05',
    balanceDeducted: null,
    klingRequestId: 'read-1',
  } as const;
}

/** A file of the tenant that is ready for use. */
export function mediaRecord(id: string, fields: Partial<MediaRecord> = {}): MediaRecord {
  return {
    id,
    kind: 'VIDEO',
    status: 'READY',
    problems: [],
    fileName: 'clip.mp4',
    bytes: 5_000,
    sha256: 'a'.repeat(64),
    facts: {
      extension: 'mp4',
      durationMs: 10_000,
      width: 1280,
      height: 720,
      codecs: ['avc', 'aac'],
      hasAudio: true,
    },
    isFetched: false,
    createdAtMs: CREATED_AT_MS,
    expiresAtMs: CREATED_AT_MS + 30 * 86_400_000,
    ...fields,
  };
}
