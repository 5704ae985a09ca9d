import type { FaceScanResult } from '../domain/face.ts';
import type { LipSyncSnapshot } from '../domain/lip-sync.ts';
import type {
  FaceScanRequest,
  LipSyncRequest,
  PageRequest,
  PresetVoicePage,
  SpeechRequest,
  TaskIdentity,
  UpstreamPage,
  VoiceRequest,
} from '../domain/requests.ts';
import type { ResourcePack, ResourcePackRequest } from '../domain/resource-pack.ts';
import type { Speech, VoiceTaskSnapshot } from '../domain/voice.ts';
import type { LogExchange } from './attempt.ts';
import type { Call } from './call.ts';
import { createCredentials } from './credentials.ts';
import type { KlingKeys } from './credentials.ts';
import { createExchange } from './exchange.ts';
import type { ExchangeOptions } from './exchange.ts';
import { identifyFacesCall } from './faces.ts';
import { KlingError } from './kling-error.ts';
import { createLipSyncCall, listLipSyncsCall, readLipSyncCall } from './lip-sync.ts';
import { listResourcePacksCall } from './resource-packs.ts';
import { synthesizeSpeechCall } from './speech.ts';
import { readTasksCall } from './tasks.ts';
import type { ReadTask } from './tasks.ts';
import {
  createVoiceCall,
  deleteVoiceCall,
  listPresetVoicesCall,
  listVoiceTasksCall,
  readVoiceTaskCall,
} from './voices.ts';
import type { DeletedVoice } from './voices.ts';

export type { DeletedVoice } from './voices.ts';

/**
 * Kling's REST API in the domain's words. Every method throws `KlingError` (a `GatewayError`) and nothing else.
 * Reads are retried by business code; creates are sent exactly once per call, whatever happens (but for a token that
 * Kling refused as expired or not yet valid: then once more, with a fresh one). An abort of `signal` ends the waiting,
 * not what Kling has begun.
 */
export interface KlingClient {
  createVoice(request: VoiceRequest, identity: TaskIdentity, signal?: AbortSignal): Promise<VoiceTaskSnapshot>;
  /** By Kling's task id or by the external id. */
  readVoiceTask(id: string, signal?: AbortSignal): Promise<VoiceTaskSnapshot>;
  listVoiceTasks(page: PageRequest, signal?: AbortSignal): Promise<UpstreamPage<VoiceTaskSnapshot>>;
  listPresetVoices(page: PageRequest, signal?: AbortSignal): Promise<PresetVoicePage>;
  /** Throws `NOT_FOUND` for a voice that is gone already. */
  deleteVoice(voiceId: string, signal?: AbortSignal): Promise<DeletedVoice>;
  /** Throws `BAD_USER_INPUT` when Kling says "no face" without a session. */
  identifyFaces(request: FaceScanRequest, signal?: AbortSignal): Promise<FaceScanResult>;
  createLipSyncTask(request: LipSyncRequest, identity: TaskIdentity, signal?: AbortSignal): Promise<LipSyncSnapshot>;
  /** By Kling's task id; whether the external id works too is unverified. */
  readLipSyncTask(id: string, signal?: AbortSignal): Promise<LipSyncSnapshot>;
  listLipSyncTasks(page: PageRequest, signal?: AbortSignal): Promise<UpstreamPage<LipSyncSnapshot>>;
  /** A lost answer cannot be recovered. */
  synthesizeSpeech(request: SpeechRequest, signal?: AbortSignal): Promise<Speech>;
  /** Up to 20 tasks of any kind in one read; unknown ids are missing. Throws `UPSTREAM_MISCONFIGURED` without an API key. */
  readTasks(ids: readonly string[], signal?: AbortSignal): Promise<readonly ReadTask[]>;
  /** At most one call a second. */
  listResourcePacks(request: ResourcePackRequest, signal?: AbortSignal): Promise<UpstreamPage<ResourcePack>>;
}

/** The keys, and everything that touches the world: `fetch`, clock, randomness and timer. */
export interface KlingClientOptions extends Omit<ExchangeOptions, 'credentials' | 'readAttemptsMax'> {
  readonly credentials: KlingKeys;
  /** How often a read is sent at most; 3 unless told. */
  readonly readAttemptsMax?: number;
}

/** Makes a client that tells its caller's log of each request to Kling. It costs little: there may be one for each request to the gateway. */
export type KlingClientFor = (log: LogExchange) => KlingClient;

/** Made once and kept, since it keeps the minted token. Nothing is checked or sent before the first call. */
export function createKlingClients(options: KlingClientOptions): KlingClientFor {
  const credentials = createCredentials(options.credentials, options.now);
  const exchange = createExchange({ ...options, credentials, readAttemptsMax: options.readAttemptsMax ?? 3 });

  return (log) => {
    const send = <T>(call: Call<T>, signal?: AbortSignal): Promise<T> => exchange(call, log, signal);
    // Async where a call may be one that cannot be built: it rejects then, it does not throw.
    return {
      createVoice: async (request, identity, signal) => send(createVoiceCall(request, identity), signal),
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
