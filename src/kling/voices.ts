import type { TaskIdentity, VoiceRequest } from '../domain/inputs.ts';
import type { PageRequest, UpstreamPage } from '../domain/ports.ts';
import type { Sent } from '../domain/sources.ts';
import type { KlingTask, Voice, VoiceTaskSnapshot } from '../domain/task.ts';
import { type Failure, GatewayError } from '../errors.ts';
import { dataItems, dataWith, recordOf, recordsOf, textOrNull, toPage, type WireRecord } from './envelope.ts';
import { KlingError } from './errors.ts';
import { identityFields, taskIdOf, requestedTask, toTaskSnapshot } from './tasks.ts';
import { type Call, pageQuery, pathSegment } from './transport.ts';

/** Kling's answer to a deletion. All but the request id is null if Kling sends no data. */
export interface DeletedVoice {
  readonly klingTaskId: string | null;
  readonly klingStatus: string | null;
  readonly klingRequestId: string | null;
}

const CUSTOM_VOICES = '/v1/general/custom-voices';

/** `POST /v1/general/custom-voices`: 0.05 units. */
export function createVoiceTaskCall(request: Sent<VoiceRequest>, identity: TaskIdentity): Call<VoiceTaskSnapshot> {
  const { source } = request;
  return {
    method: 'POST',
    path: CUSTOM_VOICES,
    body: {
      voice_name: request.name,
      ...(source.url === undefined ? { video_id: source.videoId } : { voice_url: source.url }),
      ...identityFields(identity),
    },
    decode: (envelope) => toVoiceTaskSnapshot(dataWith(envelope, 'task_id'), envelope.requestId),
  };
}

/** `GET /v1/general/custom-voices/{id}`, by Kling's task id or by the `external_task_id`. */
export function readVoiceTaskCall(id: string): Call<VoiceTaskSnapshot> {
  return {
    method: 'GET',
    path: `${CUSTOM_VOICES}/${pathSegment(id)}`,
    decode: (envelope) => toVoiceTaskSnapshot(requestedTask(envelope), envelope.requestId),
  };
}

/** `GET /v1/general/custom-voices`: the tasks of the whole account. Drops records without an id. */
export function listVoiceTasksCall(page: PageRequest): Call<UpstreamPage<VoiceTaskSnapshot>> {
  return {
    method: 'GET',
    path: CUSTOM_VOICES,
    query: pageQuery(page),
    decode(envelope) {
      const tasks = dataItems(envelope).filter((record) => taskIdOf(record) !== null);
      return toPage(
        envelope,
        tasks.map((record) => toVoiceTaskSnapshot(record, envelope.requestId)),
      );
    },
  };
}

/**
 * `GET /v1/general/presets-voices`. Kling wraps one or more voices in an item that looks like a task, with or without the
 * other fields of one (live).
 */
export function listPresetVoicesCall(page: PageRequest): Call<UpstreamPage<VoiceTaskSnapshot>> {
  return {
    method: 'GET',
    path: '/v1/general/presets-voices',
    query: pageQuery(page),
    decode: (envelope) =>
      toPage(
        envelope,
        dataItems(envelope).map((record) => ({
          ...toTaskSnapshot(record, envelope.requestId),
          voices: toVoices(record, 'KLING'),
        })),
      ),
  };
}

/** `POST /v1/general/delete-voices`: immediate. A voice that is already deleted is refused as `NOT_FOUND`. */
export function deleteVoiceCall(voiceId: string): Call<DeletedVoice> {
  return {
    method: 'POST',
    path: '/v1/general/delete-voices',
    body: { voice_id: voiceId },
    decode(envelope) {
      const data = recordOf(envelope.data);
      return {
        klingTaskId: textOrNull(data['task_id']),
        klingStatus: textOrNull(data['task_status']),
        klingRequestId: envelope.requestId,
      };
    },
  };
}

/** Maps the record of a voice task. The voices are empty until it has succeeded. */
function toVoiceTaskSnapshot(record: WireRecord, klingRequestId: string | null): VoiceTaskSnapshot {
  return { ...toTaskSnapshot(record, klingRequestId), voices: toVoices(record, 'ACCOUNT') };
}

function toVoices(task: WireRecord, ownerByDefault: Voice['owner']): Voice[] {
  return recordsOf(recordOf(task['task_result'])['voices']).flatMap((record) => toVoice(record, ownerByDefault) ?? []);
}

/** Returns null for a voice without an id: it cannot be used. */
function toVoice(record: WireRecord, ownerByDefault: Voice['owner']): Voice | null {
  const voiceId = textOrNull(record['voice_id']);
  if (voiceId === null) return null;
  const ownerId = textOrNull(record['owned_by']);
  return {
    voiceId,
    name: textOrNull(record['voice_name']) ?? '',
    trialUrl: textOrNull(record['trial_url']),
    owner: ownerId === null ? ownerByDefault : ownerId === 'kling' ? 'KLING' : 'ACCOUNT',
    ownerId,
  };
}

/** A cache of Kling's preset voices, which are the same for every tenant. */
export interface PresetLibrary {
  /**
   * Returns every voice once, in Kling's order. Reads with the caller's `readPage` if nothing is cached, and throws what
   * that throws. For 5 s after a failure at Kling, throws the same failure without asking.
   */
  voices(readPage: ReadPresetPage): Promise<readonly Voice[]>;
}

/** Reads a page of the library at Kling. Throws `KlingError`, or the reason why the caller may not read. */
export type ReadPresetPage = (page: PageRequest) => Promise<UpstreamPage<Pick<KlingTask, 'voices'>>>;

export interface PresetLibraryDeps {
  /** Reads a page for a refresh, which counts against no tenant's rate. */
  readonly readPage: ReadPresetPage;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Runs work that continues after the answer. Logs its failure. */
  readonly background: (work: () => Promise<unknown>) => void;
}

/** The age from which the cached library is refreshed. */
export const LIBRARY_FRESH_MS = 300_000;

/** The age up to which the cached library is served while Kling fails. */
export const LIBRARY_LAST_GOOD_MS = 24 * 3_600_000;

const REFRESH_AGAIN_MS = 30_000;
const FAILED_MS = 5_000;

/** Kling accepts up to 1,000. Trade-off: more requests, but a page size that every host accepts. */
const PAGE_SIZE = 100;
const PAGES_MAX = 50;

/**
 * Creates the cache. Build it once per isolate. Requests share voices but no promise, because a promise of a Worker belongs
 * to its request: while nothing is cached, each request reads for itself. A stale library is served and refreshed once.
 */
export function createPresetLibrary({ readPage: readForRefresh, now, background }: PresetLibraryDeps): PresetLibrary {
  let kept: { readonly voices: readonly Voice[]; readonly readAtMs: number } | null = null;
  let failed: { readonly failure: Failure; readonly untilMs: number } | null = null;
  let refreshAtMs = Number.NEGATIVE_INFINITY;

  async function read(readPage: ReadPresetPage): Promise<readonly Voice[]> {
    try {
      const voices = await readLibrary(readPage);
      // An empty library is more likely a fault than the truth, so it is not cached.
      if (voices.length > 0) kept = { voices, readAtMs: now() };
      return voices;
    } catch (error) {
      // Any other error is about the tenant, such as its rate of reads.
      if (error instanceof KlingError) failed = { failure: error.failure, untilMs: now() + FAILED_MS };
      throw error;
    }
  }

  return {
    async voices(readPage) {
      const ageMs = kept === null ? Number.POSITIVE_INFINITY : now() - kept.readAtMs;
      if (kept === null || ageMs >= LIBRARY_LAST_GOOD_MS) {
        if (failed !== null && now() < failed.untilMs) throw stillFailed(failed.failure, failed.untilMs - now());
        return read(readPage);
      }
      if (ageMs >= LIBRARY_FRESH_MS && now() >= refreshAtMs) {
        refreshAtMs = now() + REFRESH_AGAIN_MS;
        background(() => read(readForRefresh));
      }
      return kept.voices;
    },
  };
}

/**
 * Reads pages up to the first empty one. A page that is not full need not be the last one: Kling may send fewer items than
 * asked for, and items without a voice.
 */
async function readLibrary(readPage: ReadPresetPage): Promise<readonly Voice[]> {
  const voices = new Map<string, Voice>();
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const read = await readPage({ page, pageSize: PAGE_SIZE }).catch((error: unknown) => {
      if (page > 1 && isPastTheEnd(error)) return null;
      throw error;
    });
    if (read === null || read.items.length === 0) break;
    const known = voices.size;
    const sent = read.items.flatMap((item) => item.voices ?? []);
    for (const voice of sent) if (!voices.has(voice.voiceId)) voices.set(voice.voiceId, voice);
    // The same voices again: this host ignores the page number.
    if (sent.length > 0 && voices.size === known) break;
  }
  return [...voices.values()];
}

/** Returns true if Kling refuses a page that lies past the last one. */
function isPastTheEnd(error: unknown): boolean {
  return error instanceof KlingError && ['BAD_USER_INPUT', 'NOT_FOUND'].includes(error.failure.code);
}

function stillFailed(failure: Failure, waitMs: number): GatewayError {
  return new GatewayError(failure.retryable ? { ...failure, retryAfterMs: waitMs } : failure);
}
