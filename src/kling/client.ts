import type { ResourcePack, ResourcePackRequest } from '../domain/cost.ts';
import type { FaceScanRequest, LipSyncRequest, TaskIdentity, VoiceRequest } from '../domain/inputs.ts';
import type { SpeechRequest } from '../domain/speech.ts';
import type { PageRequest, ReadableList, Upstream, UpstreamPage } from '../domain/ports.ts';
import type { FaceScanResult, SpeechResult, Face } from '../domain/records.ts';
import type { Sent } from '../domain/sources.ts';
import type { KlingList, KlingTask, LipSyncSnapshot, VoiceTaskSnapshot } from '../domain/task.ts';
import {
  createCredentials,
  type KlingKeys,
  type Call,
  createExchange,
  type ExchangeOptions,
  type LogExchange,
} from './transport.ts';
import {
  decimalOrNull,
  type Envelope,
  epochMsOrNull,
  numberOrNull,
  recordOf,
  recordsOf,
  textOrNull,
  toPage,
  type WireRecord,
  msOrNull,
  secondsToMs,
  UnreadableAnswer,
} from './envelope.ts';
import { KlingError, quote } from './errors.ts';
import {
  createLipSyncCall,
  listLipSyncsCall,
  readLipSyncCall,
  type ReadTask,
  readTasksCall,
  toBalanceDeduction,
  toTaskStatus,
} from './tasks.ts';
import {
  createVoiceTaskCall,
  type DeletedVoice,
  deleteVoiceCall,
  listPresetVoicesCall,
  listVoiceTasksCall,
  type PresetLibrary,
  readVoiceTaskCall,
} from './voices.ts';

export type { DeletedVoice } from './voices.ts';

/**
 * Kling's REST API in terms of the domain. Methods throw only `KlingError`, which is a `GatewayError`. Reads are retried by
 * Kling's business code. Any other call is sent once, and once more only if Kling refused its token for its times. An abort
 * of `signal` ends the waiting, not what Kling has begun.
 */
export interface KlingClient {
  createVoiceTask(
    request: Sent<VoiceRequest>,
    identity: TaskIdentity,
    signal?: AbortSignal,
  ): Promise<VoiceTaskSnapshot>;
  /** Reads a task by Kling's id or by the external id. */
  readVoiceTask(id: string, signal?: AbortSignal): Promise<VoiceTaskSnapshot>;
  listVoiceTasks(page: PageRequest, signal?: AbortSignal): Promise<UpstreamPage<VoiceTaskSnapshot>>;
  listPresetVoices(page: PageRequest, signal?: AbortSignal): Promise<UpstreamPage<VoiceTaskSnapshot>>;
  /** Deletes a voice. Throws `NOT_FOUND` if it is already deleted. */
  deleteVoice(voiceId: string, signal?: AbortSignal): Promise<DeletedVoice>;
  /** Finds the faces of a video. Throws `NO_FACE_DETECTED` if Kling finds none and returns no session. */
  identifyFaces(request: Sent<FaceScanRequest>, signal?: AbortSignal): Promise<FaceScanResult>;
  createLipSyncTask(
    request: Sent<LipSyncRequest>,
    identity: TaskIdentity,
    signal?: AbortSignal,
  ): Promise<LipSyncSnapshot>;
  /** Reads a task by Kling's id. Whether Kling also accepts the external id is unverified. */
  readLipSyncTask(id: string, signal?: AbortSignal): Promise<LipSyncSnapshot>;
  listLipSyncTasks(page: PageRequest, signal?: AbortSignal): Promise<UpstreamPage<LipSyncSnapshot>>;
  /** Speaks a text. A lost answer cannot be recovered. */
  synthesizeSpeech(request: SpeechRequest, signal?: AbortSignal): Promise<SpeechResult>;
  /** Reads up to 20 tasks of any kind. Unknown ids are missing. Throws `UPSTREAM_MISCONFIGURED` without an API key. */
  readTasks(ids: readonly string[], signal?: AbortSignal): Promise<readonly ReadTask[]>;
  /** Lists the packs of the account. Kling allows one call per second. */
  listResourcePacks(request: ResourcePackRequest, signal?: AbortSignal): Promise<UpstreamPage<ResourcePack>>;
}

/** The dependencies of a client: keys, `fetch`, clock, randomness and timer. */
export interface KlingClientOptions extends Omit<ExchangeOptions, 'credentials' | 'readAttemptsMax'> {
  readonly credentials: KlingKeys;
  /** The most attempts per read; 3 by default. */
  readonly readAttemptsMax?: number;
}

/** Returns a client that logs each request to Kling with `log`. */
export type KlingClientFor = (log: LogExchange) => KlingClient;

/** Creates clients that share the minted token. Build it once per isolate or object. Checks and sends nothing yet. */
export function createKlingClients(options: KlingClientOptions): KlingClientFor {
  const credentials = createCredentials(options.credentials, options.now);
  const exchange = createExchange({ ...options, credentials, readAttemptsMax: options.readAttemptsMax ?? 3 });

  return (log) => {
    const send = <T>(call: Call<T>, signal?: AbortSignal): Promise<T> => exchange(call, log, signal);
    // The async methods build calls that can throw. They reject instead.
    return {
      createVoiceTask: async (request, identity, signal) => send(createVoiceTaskCall(request, identity), signal),
      readVoiceTask: async (id, signal) => send(readVoiceTaskCall(id), signal),
      listVoiceTasks: (page, signal) => send(listVoiceTasksCall(page), signal),
      listPresetVoices: (page, signal) => send(listPresetVoicesCall(page), signal),
      deleteVoice: async (voiceId, signal) => send(deleteVoiceCall(voiceId), signal),
      identifyFaces: async (request, signal) => send(identifyFacesCall(request), signal),
      createLipSyncTask: async (request, identity, signal) => send(createLipSyncCall(request, identity), signal),
      readLipSyncTask: async (id, signal) => send(readLipSyncCall(id), signal),
      listLipSyncTasks: (page, signal) => send(listLipSyncsCall(page), signal),
      synthesizeSpeech: async (request, signal) => send(synthesizeSpeechCall(request), signal),
      async readTasks(ids, signal) {
        if (ids.length === 0) return [];
        if (credentials.kind !== 'API_KEY') throw readTasksNeedsApiKey();
        return send(readTasksCall(ids), signal);
      },
      listResourcePacks: (request, signal) => send(listResourcePacksCall(request), signal),
    };
  };
}

function readTasksNeedsApiKey(): KlingError {
  return new KlingError('REFUSED', {
    code: 'UPSTREAM_MISCONFIGURED',
    message: 'Reading many tasks at once takes an API key; the gateway has an AccessKey and a SecretKey.',
    retryable: false,
  });
}

export interface UpstreamDeps {
  readonly client: Pick<
    KlingClient,
    | 'listPresetVoices'
    | 'listVoiceTasks'
    | 'listLipSyncTasks'
    | 'readVoiceTask'
    | 'readLipSyncTask'
    | 'listResourcePacks'
  >;
  readonly library: PresetLibrary;
  /** Takes one read from the tenant's rate. Throws `RATE_LIMITED` if none is left. */
  readonly takeRead: () => Promise<void>;
}

/** Creates the reads of Kling for one request. Kling is read once per arguments, even if several fields ask for the same. */
export function createUpstream({ client, library, takeRead }: UpstreamDeps): Upstream {
  function sharedRead<A extends readonly unknown[], T>(read: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    const reads = new Map<string, Promise<T>>();
    return (...args) => {
      const key = JSON.stringify(args);
      const running = reads.get(key) ?? takeRead().then(() => read(...args));
      reads.set(key, running);
      return running;
    };
  }

  const lists: { readonly [List in KlingList]: (page: PageRequest) => Promise<UpstreamPage<KlingTask>> } = {
    CUSTOM_VOICES: client.listVoiceTasks,
    LIP_SYNCS: client.listLipSyncTasks,
    PRESET_VOICES: client.listPresetVoices,
  };
  const tasks: { readonly [List in ReadableList]: (id: string) => Promise<KlingTask> } = {
    CUSTOM_VOICES: client.readVoiceTask,
    LIP_SYNCS: client.readLipSyncTask,
  };
  const klingTasks = sharedRead((list: KlingList, page: PageRequest) => lists[list](page));
  let voices: ReturnType<Upstream['presetVoices']> | null = null;
  return {
    presetVoices: () => (voices ??= library.voices((page) => klingTasks('PRESET_VOICES', page))),
    klingTasks,
    klingTask: sharedRead((list: ReadableList, id: string) => tasks[list](id).catch(nullIfMissing)),
    listResourcePacks: sharedRead((request: ResourcePackRequest) => client.listResourcePacks(request)),
  };
}

function nullIfMissing(error: unknown): null {
  if (error instanceof KlingError && error.failure.code === 'NOT_FOUND') return null;
  throw error;
}

/**
 * `GET /account/costs`: free, one call per second. The answer is an envelope inside an envelope. Either may be a refusal,
 * and the inner one has `msg` for `message`. Source: Kling docs, "Query user info", 2026-09.
 */
function listResourcePacksCall({ startMs, endMs }: ResourcePackRequest): Call<UpstreamPage<ResourcePack>> {
  return {
    method: 'GET',
    path: '/account/costs',
    query: `start_time=${startMs}&end_time=${endMs}`,
    interpret: unwrap,
    decode: (envelope) =>
      toPage(
        envelope,
        recordsOf(recordOf(envelope.data)['resource_pack_subscribe_infos']).flatMap(
          (record) => toResourcePack(record) ?? [],
        ),
      ),
  };
}

function unwrap(outer: Envelope): Envelope {
  const inner = recordOf(outer.data);
  const code = numberOrNull(inner['code']) ?? 0;
  return !outer.ok || code === 0 ? outer : { ...outer, ok: false, code, message: textOrNull(inner['msg']) ?? '' };
}

function toResourcePack(record: WireRecord): ResourcePack | null {
  const packId = textOrNull(record['resource_pack_id']);
  if (packId === null) return null;
  return {
    packId,
    name: textOrNull(record['resource_pack_name']) ?? '',
    klingType: textOrNull(record['resource_pack_type']),
    totalUnits: decimalOrNull(record['total_quantity']),
    remainingUnits: decimalOrNull(record['remaining_quantity']),
    purchasedAtMs: epochMsOrNull(record['purchase_time']),
    effectiveAtMs: epochMsOrNull(record['effective_time']),
    expiresAtMs: epochMsOrNull(record['invalid_time']),
    klingStatus: textOrNull(record['status']) ?? '',
  };
}

/** Kling's texts for a video without a face. Source: live, 2025-12 to 2026-09. */
const NO_FACE =
  /\b(?:no|not (?:detect|find|recognize|contain)|without)(?: an?| any)?(?: valid| clear| human)* (?:faces?|human|person)\b|\bfaces? (?:is |are |was |were )?not (?:found|detected)\b/i;

/**
 * `POST /v1/videos/identify-face`: 0.05 units per call. Kling reports "no face" as an answer without `face_data` or as a
 * refusal. It is a scan without faces if there is a `session_id`, and otherwise `NO_FACE_DETECTED`.
 */
function identifyFacesCall({ video }: Sent<FaceScanRequest>): Call<FaceScanResult> {
  return {
    method: 'POST',
    path: '/v1/videos/identify-face',
    body: video.url === undefined ? { video_id: video.videoId } : { video_url: video.url },
    interpret: (envelope) => (saysNoFace(envelope) ? { ...envelope, ok: true } : envelope),
    decode: toFaceScanResult,
  };
}

function toFaceScanResult(envelope: Envelope): FaceScanResult {
  const data = recordOf(envelope.data);
  const sessionId = textOrNull(data['session_id']);
  const faces = recordsOf(data['face_data']).flatMap((record) => toFace(record) ?? []);
  if (sessionId === null) {
    if (faces.length > 0) throw new UnreadableAnswer('faces without session_id');
    throw noFace(envelope);
  }
  const balance = toBalanceDeduction(data['final_balance_deduction']);
  return {
    sessionId,
    faces,
    unitsDeducted: decimalOrNull(data['final_unit_deduction']),
    ...(balance === null ? {} : { balanceDeducted: balance }),
    klingRequestId: envelope.requestId,
  };
}

/** Returns null for a face without an id or an interval: it cannot be chosen. `"0"` is an id. */
function toFace(record: WireRecord): Face | null {
  const faceId = textOrNull(record['face_id']);
  const startMs = msOrNull(record['start_time']);
  const endMs = msOrNull(record['end_time']);
  if (faceId === null || startMs === null || endMs === null) return null;
  return { faceId, imageUrl: textOrNull(record['face_image']), startMs, endMs };
}

function saysNoFace({ ok, code, message }: Envelope): boolean {
  // Only codes about the input. Under a fault or a limit the same words mean something else.
  return !ok && code >= 1200 && code < 1302 && NO_FACE.test(message.slice(0, 1000));
}

/** Returns the error of a scan without faces. A refused scan is free. An answered one may have been billed. */
function noFace({ code, requestId }: Envelope): KlingError {
  return new KlingError(code === 0 ? 'UNKNOWN' : 'REFUSED', {
    code: 'NO_FACE_DETECTED',
    message: 'Kling found no face in this video.',
    retryable: false,
    ...(code === 0 ? {} : { klingCode: code }),
    ...(requestId === null ? {} : { klingRequestId: requestId }),
  });
}

/** `POST /v1/audio/tts`: 0.05 units, answered at once. Kling has no query for it, so a lost answer cannot be recovered. */
function synthesizeSpeechCall(request: SpeechRequest): Call<SpeechResult> {
  return {
    method: 'POST',
    path: '/v1/audio/tts',
    body: {
      text: request.text,
      voice_id: request.voiceId,
      voice_language: request.language,
      voice_speed: request.speed,
    },
    decode: toSpeech,
  };
}

function toSpeech(envelope: Envelope): SpeechResult {
  const data = recordOf(envelope.data);
  const [audio = {}] = recordsOf(recordOf(data['task_result'])['audios']);
  const audioId = textOrNull(audio['id']);
  const url = textOrNull(audio['url']);
  const klingStatus = textOrNull(data['task_status']);
  const isFailed = toTaskStatus(klingStatus ?? '') === 'FAILED';
  if (isFailed && (audioId === null || url === null)) throw failedSpeech(envelope);
  // Audio without a URL is paid for, and a lip-sync can use it.
  if (audioId === null) throw new UnreadableAnswer('speech without an audio id');
  const createdAtMs = epochMsOrNull(data['created_at']);
  const balance = toBalanceDeduction(data['final_balance_deduction']);
  return {
    audioId,
    url,
    durationMs: secondsToMs(audio['duration']),
    klingTaskId: textOrNull(data['task_id']),
    klingStatus,
    lastReport: {
      statusMessage: textOrNull(data['task_status_msg']),
      createdAtMs,
      updatedAtMs: epochMsOrNull(data['updated_at']),
    },
    unitsDeducted: decimalOrNull(data['final_unit_deduction']),
    ...(balance === null ? {} : { balanceDeducted: balance }),
    createdAtMs,
    klingRequestId: envelope.requestId,
  };
}

/** Returns the error of a text that Kling accepted but did not speak. `UNKNOWN`, because it may have been billed. */
function failedSpeech({ data, requestId }: Envelope): KlingError {
  const reason = quote(textOrNull(recordOf(data)['task_status_msg']) ?? '');
  return new KlingError('UNKNOWN', {
    code: 'UPSTREAM_UNAVAILABLE',
    message: `Kling made no sound of this text.${reason}`,
    retryable: false,
    ...(requestId === null ? {} : { klingRequestId: requestId }),
  });
}
