import { type KlingAccount, type ResultId, resultKey } from '../account/kling-account.ts';
import { createCallbackTokens } from '../auth/signed-token.ts';
import type { Config } from '../config/index.ts';
import type { FaceScanRequest, LipSyncRequest, TaskIdentity, VoiceRequest } from '../domain/inputs.ts';
import type { FaceScanResult } from '../domain/records.ts';
import type { AudioSource, Sent, VideoSource, FindMedia } from '../domain/sources.ts';
import type { LipSyncSnapshot, VoiceTaskSnapshot, TaskSnapshot } from '../domain/task.ts';
import { createKlingClients, type KlingClient } from '../kling/client.ts';
import { isFault, KlingError } from '../kling/errors.ts';
import { type Backoff, backoffMs, sleep, startTimer } from '../lib/time.ts';
import type { Log } from '../lib/log.ts';
import type { FileUrls, MediaExtension, MediaRecord } from '../domain/media.ts';
import { hostProblem } from '../domain/url.ts';
import { GatewayError } from '../errors.ts';
import type { Slots } from './slots.ts';

/** A client for one tenant. Its requests may name files of the tenant. */
export interface TenantKling extends Omit<KlingClient, 'createVoiceTask' | 'identifyFaces' | 'createLipSyncTask'> {
  createVoiceTask(request: VoiceRequest, identity: TaskIdentity, signal?: AbortSignal): Promise<VoiceTaskSnapshot>;
  identifyFaces(request: FaceScanRequest, signal?: AbortSignal): Promise<FaceScanResult>;
  createLipSyncTask(request: LipSyncRequest, identity: TaskIdentity, signal?: AbortSignal): Promise<LipSyncSnapshot>;
}

interface IsolationDeps {
  readonly owners: Owners;
  /** Returns true if a task of this ledger has this external id at Kling. */
  readonly isOurTask: (externalTaskId: string) => boolean;
  /** Returns true for the session of one of this ledger's scans. */
  readonly isOurSession: (sessionId: string) => boolean;
  readonly files: Pick<FileSources, 'withUrl'>;
  /** Returns [0, 1). */
  readonly random: () => number;
  readonly log: Log;
}

/**
 * Wraps a client so that one tenant cannot use the results of another. Videos of a task are claimed before the tenant sees
 * them. A claim that fails fails the read, which is retried. If a request names a result that another tenant has claimed,
 * Kling is asked for a decoy instead, and refuses it. Speech and scans are claimed by the paid calls, which must not lose
 * them. A file becomes a URL here, right before the request.
 */
export function isolateKling(kling: KlingClient, deps: IsolationDeps): TenantKling {
  const { owners, isOurTask, isOurSession, files, random, log } = deps;

  async function claimed(snapshot: LipSyncSnapshot): Promise<LipSyncSnapshot> {
    // A forged callback may have named a task of another tenant: its videos must not be claimed.
    if (snapshot.externalTaskId !== null && !isOurTask(snapshot.externalTaskId)) return snapshot;
    await owners.claim(snapshot.videos.map(({ videoId }) => ({ kind: 'VIDEO', id: videoId })));
    return snapshot;
  }

  async function withOwnId<T>(result: ResultId, call: (id: string) => Promise<T>): Promise<T> {
    if (!(await owners.isForeign(result))) return call(result.id);
    log({ level: 'warn', message: "another tenant's id was used", kind: result.kind });
    const decoy = decoyId(result.id, random);
    return call(decoy).catch((error: unknown) => {
      throw error instanceof KlingError ? withId(error, decoy, result.id) : error;
    });
  }

  async function withVideo<T>(
    source: VideoSource,
    call: (source: Sent<FaceScanRequest>['video']) => Promise<T>,
  ): Promise<T> {
    if (source.mediaId !== undefined) return files.withUrl(source.mediaId, (url) => call({ url }));
    const { videoId } = source;
    if (videoId === undefined) return call(source);
    return withOwnId({ kind: 'VIDEO', id: videoId }, (id) => call({ videoId: id }));
  }

  async function withAudio<T>(
    sound: AudioSource,
    call: (sound: Sent<LipSyncRequest>['sound']) => Promise<T>,
  ): Promise<T> {
    if (sound.mediaId !== undefined) return files.withUrl(sound.mediaId, (url) => call({ url }));
    const { audioId } = sound;
    if (audioId === undefined) return call(sound);
    return withOwnId({ kind: 'AUDIO', id: audioId }, (id) => call({ audioId: id }));
  }

  async function withSession<T>(sessionId: string, call: (sessionId: string) => Promise<T>): Promise<T> {
    return isOurSession(sessionId) ? call(sessionId) : withOwnId({ kind: 'SESSION', id: sessionId }, call);
  }

  return {
    ...kling,
    createVoiceTask: async (request, identity, signal) =>
      withVideo(request.source, (source) => kling.createVoiceTask({ ...request, source }, identity, signal)),
    identifyFaces: async (request, signal) => {
      const calls = { begun: false };
      return withVideo(request.video, (video) => {
        calls.begun = true;
        return kling.identifyFaces({ video }, signal);
      }).catch((error: unknown) => {
        throw calls.begun ? error : notSent(error);
      });
    },
    createLipSyncTask: async (request, identity, signal) =>
      withSession(request.sessionId, (sessionId) =>
        withAudio(request.sound, async (sound) =>
          claimed(await kling.createLipSyncTask({ ...request, sessionId, sound }, identity, signal)),
        ),
      ),
    readLipSyncTask: async (id, signal) => claimed(await kling.readLipSyncTask(id, signal)),
  };
}

/** Kling quotes an id that it does not know. The caller must see the id that it gave. */
function withId(error: KlingError, sent: string, given: string): KlingError {
  const message = error.failure.message.replaceAll(sent, given);
  return new KlingError(error.outcome, { ...error.failure, message }, { cause: error });
}

/** A scan cannot be read again, so one that was never sent must differ from one whose answer was lost. */
function notSent(cause: unknown): KlingError {
  const message = 'It could not be told whose this video is. Nothing was sent.';
  return new KlingError('REFUSED', { code: 'UPSTREAM_UNAVAILABLE', message, retryable: true }, { cause });
}

const ALPHABETS = [/[0-9]/, /[a-f]/, /[g-z]/, /[A-F]/, /[G-Z]/].map((pattern) => {
  const letters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter((c) => pattern.test(c));
  return { pattern, letters };
});

/**
 * Returns a random id of the same form and length, which in all likelihood names nothing. Kling refuses it as it refuses
 * any unknown id. A text of the gateway's own could not imitate that refusal reliably.
 */
export function decoyId(id: string, random: () => number): string {
  const other = Array.from(id, (char) => {
    const letters = ALPHABETS.find(({ pattern }) => pattern.test(char))?.letters ?? [char];
    return letters[Math.floor(random() * letters.length)] ?? char;
  }).join('');
  const isSame = resultKey({ kind: 'VIDEO', id: other }) === resultKey({ kind: 'VIDEO', id });
  return isSame && /[a-z1-9]/i.test(id) ? decoyId(id, random) : other;
}

/** One tenant's view of which results belong to whom, across all tenants of the account. */
export interface Owners {
  /**
   * Claims results for this tenant, durably. Call it before the tenant can see their ids. Idempotent. Throws if the
   * account cannot be reached.
   */
  claim(results: readonly ResultId[]): Promise<void>;
  /** Returns true for a result that another tenant has claimed. An unclaimed one was made elsewhere, or does not exist. */
  isForeign(result: ResultId): Promise<boolean>;
}

/** The tries of a claim. A paid answer may depend on it. */
const TRIES_MAX = 3;
const RETRY: Backoff = { baseMs: 100, factor: 4, capMs: 400, jitter: 'EVEN' };

interface OwnersDeps {
  /** Returns a stub. Called for each use, because a stub breaks when its object moves. */
  readonly account: () => DurableObjectStub<KlingAccount>;
  readonly tenant: string;
  readonly sleep: (ms: number) => Promise<void>;
  /** Returns [0, 1). */
  readonly random: () => number;
}

/** Creates the view of one tenant. It retries a claim that the account does not answer. */
export function createOwners({ account, tenant, sleep: wait, random }: OwnersDeps): Owners {
  return {
    async claim(results) {
      if (results.length === 0) return;
      for (let tries = 1; tries < TRIES_MAX; tries += 1) {
        try {
          return await account().claim(tenant, results);
        } catch {
          await wait(backoffMs(tries, RETRY, random));
        }
      }
      await account().claim(tenant, results);
    },
    isForeign: (result) => account().isForeign(tenant, result),
  };
}

/** Creates the ledger's client of Kling. It reports faults of Kling, which all tenants share, to the slots. */
export function createKling({ kling: { baseUrl, keys, timeoutMs } }: Config, slots: Slots, log: Log): KlingClient {
  const clients = createKlingClients({
    baseUrl,
    credentials: keys,
    timeoutMs,
    fetch: (input, init) => fetch(input, init),
    aborts: true,
    now: Date.now,
    random: Math.random,
    sleep,
    startTimer,
    // The alarm reads again, with growing waits. Until then a caller gets the stored state.
    readAttemptsMax: 1,
  });
  return clients((exchange) => {
    log({ level: 'info', message: 'kling exchange', ...exchange });
    // A tenant that makes such a call slow must not make Kling look down for all.
    const isCallersOwn = CALLERS_OWN.has(exchange.path);
    if (exchange.outcome !== 'CANCELLED' && !isCallersOwn) slots.report(isFault(exchange));
  });
}

/** The paths of calls whose duration depends on the caller's video or text. */
const CALLERS_OWN = new Set(['/v1/videos/identify-face', '/v1/audio/tts']);

/** Returns a function that gives a task its id at Kling, and the URL that Kling calls back. */
export function createIdentity({ callbacks }: Config, tenant: string): (taskId: string) => Promise<TaskIdentity> {
  const { publicUrl, secrets } = callbacks;
  const tokens = secrets.length === 0 ? null : createCallbackTokens(secrets);
  return async (taskId) => {
    if (publicUrl === null || tokens === null) return { externalTaskId: taskId, callbackUrl: null };
    const token = await tokens.mint({ tenant, taskId });
    return { externalTaskId: taskId, callbackUrl: `${publicUrl}/callbacks/${token}` };
  };
}

/** The files of a tenant as sources of what is sent to Kling. Their URLs are minted for one request and stored nowhere. */
export interface FileSources {
  /** Returns a file of the tenant; null if there is no such file. */
  readonly find: FindMedia;
  /** Returns what is kept of a file that an input names; empty for any other source. */
  kept(source: VideoSource | AudioSource): { readonly extension?: MediaExtension; readonly durationMs?: number };
  /** Throws `NOT_CONFIGURED` if the source is a file that Kling could not fetch. Call it before anything is paid. */
  checkReachable(source: VideoSource | AudioSource): void;
  /**
   * Calls Kling with a URL of the file that is valid for a day. Throws a refusal if the file was deleted meanwhile. Hides
   * the URL in what Kling says.
   */
  withUrl<T>(mediaId: string, call: (url: string) => Promise<T>): Promise<T>;
  /** Removes the URLs of files from what Kling reports of a task. */
  withoutUrls<S extends AnySnapshot>(snapshot: S): S;
}

type AnySnapshot = TaskSnapshot | LipSyncSnapshot | VoiceTaskSnapshot;

interface FileSourcesDeps {
  readonly media: { find(id: string): MediaRecord | null };
  /** Null if the gateway keeps no files. */
  readonly files: FileUrls | null;
  /** The gateway's own origin; null without one. */
  readonly publicUrl: string | null;
  readonly klingUrl: string;
  readonly tenant: string;
  readonly now: () => number;
}

/** How long Kling can fetch a file: a day. */
const URL_MS = 24 * 60 * 60 * 1000;

/** Stands for the URL of a file in a text. */
const HIDDEN = '(the file)';

/** Creates the sources of one tenant. */
export function createFileSources(deps: FileSourcesDeps): FileSources {
  const { media, files, publicUrl, klingUrl, tenant, now } = deps;
  const prefix = publicUrl === null ? null : `${publicUrl}/media/`;
  const problem = reachProblem(files, publicUrl, klingUrl);

  function hidden(text: string): string {
    return prefix === null ? text : withoutUrlsOf(prefix, text);
  }

  return {
    find: (mediaId) => media.find(mediaId),

    kept({ mediaId }) {
      const facts = mediaId === undefined ? null : (media.find(mediaId)?.facts ?? null);
      return facts === null ? {} : { extension: facts.extension, durationMs: facts.durationMs };
    },

    checkReachable({ mediaId }) {
      if (mediaId === undefined || problem === null) return;
      throw new GatewayError({ code: 'NOT_CONFIGURED', message: problem, retryable: false });
    },

    async withUrl(mediaId, call) {
      const extension = media.find(mediaId)?.facts?.extension;
      if (files === null || extension === undefined) throw gone();
      const url = await files.fileUrl({ tenant, id: mediaId, extension, expiresAtMs: now() + URL_MS });
      return call(url).catch((error: unknown) => {
        if (!(error instanceof KlingError)) throw error;
        // Without the cause, which may hold the URL as well.
        throw new KlingError(error.outcome, { ...error.failure, message: hidden(error.failure.message) });
      });
    },

    withoutUrls(snapshot) {
      const { statusMessage } = snapshot;
      const shown = statusMessage === null ? snapshot : { ...snapshot, statusMessage: hidden(statusMessage) };
      if (!('parentVideo' in shown) || shown.parentVideo === null) return shown;
      const { parentVideo } = shown;
      const isOurs = prefix !== null && parentVideo.url?.startsWith(prefix) === true;
      return isOurs ? { ...shown, parentVideo: { ...parentVideo, url: null } } : shown;
    },
  };
}

/** Returns why Kling cannot fetch a file of this gateway, and what to do; null if it can. */
function reachProblem(files: FileUrls | null, publicUrl: string | null, klingUrl: string): string | null {
  if (files === null || publicUrl === null) {
    return 'This gateway cannot give files to Kling. An operator has to bind an R2 bucket as MEDIA, and to set PUBLIC_URL and CALLBACK_SECRET.';
  }
  const isKlingPublic = hostProblem(new URL(klingUrl).hostname) === null;
  if (!isKlingPublic || hostProblem(new URL(publicUrl).hostname) === null) return null;
  return `Kling cannot fetch files from ${publicUrl}, which only this machine can reach. Open a tunnel (\`cloudflared tunnel --url http://localhost:8787\`), then set PUBLIC_URL to its address. Nothing was sent.`;
}

/** Replaces the URLs that begin with `prefix`. Each ends at a blank or a quotation mark. */
function withoutUrlsOf(prefix: string, text: string): string {
  const [before = '', ...rest] = text.split(prefix);
  return [before, ...rest.map((after) => HIDDEN + after.slice(endOf(after)))].join('');
}

function endOf(text: string): number {
  const end = text.search(/[\s"'<>)\]},]/);
  return end === -1 ? text.length : end;
}

function gone(): KlingError {
  const message = 'The file was deleted before it was sent to Kling. Nothing was sent.';
  return new KlingError('REFUSED', { code: 'BAD_USER_INPUT', message, retryable: false });
}
