import type { FileUrls, MediaExtension, MediaRecord } from '../domain/media.ts';
import type { AudioSource, FindMedia, VideoSource } from '../domain/sources.ts';
import type { LipSyncSnapshot, TaskSnapshot, VoiceTaskSnapshot } from '../domain/task.ts';
import { hostProblem } from '../domain/url.ts';
import { GatewayError } from '../errors.ts';
import { KlingError } from '../kling/errors.ts';

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
