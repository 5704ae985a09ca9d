import { fetchFailed, SOURCE_PATH, type MediaKind } from '../domain/media.ts';
import { checkUrl, isLoopback } from '../domain/url.ts';
import type { Issue } from '../errors.ts';
import { type Backoff, backoffMs, startDeadline, type StartTimer } from '../lib/time.ts';
import type { BucketFile, UploadStore } from './store.ts';
import type { Receipt, Receive, Turn } from './receive.ts';

/** The redirects that are followed. */
const REDIRECTS_MAX = 3;

/** How long one attempt may take, its body included. */
const FETCH_TIMEOUT_MS = 60_000;

/** The attempts to fetch a file, those that were evicted included. */
const ATTEMPTS_MAX = 3;

/** How long the alarm waits for an attempt that may have been evicted. */
const ATTEMPT_MS_MAX = 150_000;

const RETRY: Backoff = { baseMs: 5_000, capMs: 60_000, factor: 4, jitter: 'EVEN' };

/** Fetches the file of a media from its URL. */
export interface Fetching {
  /** Makes one attempt, and stores its result. Call it when the alarm of an upload that is receiving fires. */
  run(): Promise<void>;
}

interface FetchingDeps {
  readonly store: UploadStore;
  readonly file: BucketFile;
  readonly receive: Receive;
  readonly takeTurn: () => Promise<Turn>;
  readonly fetch: FetchDeps['fetch'];
  readonly bytesMaxOf: (kind: MediaKind) => number;
  readonly allowsLoopback: boolean;
  /** Sets the alarm to what is due. */
  readonly arm: () => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly startTimer: StartTimer;
}

/** Creates the attempts. Each starts with the first byte. */
export function createFetching(deps: FetchingDeps): Fetching {
  const { store, file, receive, takeTurn, bytesMaxOf, arm, now, random } = deps;

  async function attempt(url: string, kind: MediaKind, turn: Turn): Promise<Fetched> {
    const bytesMax = bytesMaxOf(kind);
    if (store.received() > 0) await file.remove();
    const bodies: Promise<Receipt>[] = [];
    const fetched = await fetchFile(url, {
      ...deps,
      kind,
      bytesMax,
      receive(body, length) {
        const receiving = receive(body, { length, bodyMax: Infinity, fileMax: bytesMax, checksum: null }, turn);
        bodies.push(receiving);
        return receiving;
      },
    });
    // After a timeout the body has been aborted, and its last bytes are still being stored.
    await Promise.all(bodies);
    return fetched;
  }

  function settle(fetched: Fetched, attempts: number): void {
    if (store.state?.phase !== 'RECEIVING') return;
    if (fetched.ok) {
      // The URL may be a secret of the caller's, and is not needed any more.
      store.change({ phase: 'FINISHING', url: null, bytes: store.received(), failures: 0, wakeAtMs: now() });
    } else if (fetched.isFinal || attempts >= ATTEMPTS_MAX) {
      const problems = [fetched.problem];
      const outcome = { status: 'REJECTED', bytes: 0, sha256: null, facts: null, problems } as const;
      store.change({ phase: 'REPORTING', url: null, bytes: 0, outcome, failures: 0, wakeAtMs: now() });
    } else store.change({ wakeAtMs: now() + backoffMs(attempts, RETRY, random) });
  }

  return {
    async run() {
      const turn = await takeTurn();
      const { state } = store;
      if (state?.phase === 'RECEIVING' && state.url !== null && state.wakeAtMs <= now()) {
        const attempts = state.failures + 1;
        // Stored first, because an attempt may be evicted.
        store.change({ failures: attempts, wakeAtMs: now() + ATTEMPT_MS_MAX });
        arm();
        settle(await attempt(state.url, state.kind, turn).catch(bucketDown), attempts);
        arm();
      }
      turn.end();
    },
  };
}

/** The bucket did not delete the bytes of the attempt before. */
function bucketDown(): Fetched {
  return failed(false, 'its bytes could not be stored');
}

/** How an attempt to fetch a file ended. A final problem is the same at the next attempt. */
export type Fetched =
  | { readonly ok: true }
  | { readonly ok: false; readonly isFinal: boolean; readonly problem: Issue };

interface FetchDeps {
  /** Like the global `fetch`. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Stores the body. The file is complete if it returns `STORED`. */
  readonly receive: (body: ReadableStream<Uint8Array>, length: number | null) => Promise<Receipt>;
  readonly kind: MediaKind;
  /** The most bytes that the file may have. */
  readonly bytesMax: number;
  /** Whether `http` URLs on the loopback are allowed, for local development. */
  readonly allowsLoopback: boolean;
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/**
 * Fetches a file from the URL of a caller. An attacker could make the gateway read private services (SSRF), so only public
 * https hosts are asked. Each redirect is checked like the first URL. No credentials are sent. Messages name no URL.
 */
export async function fetchFile(url: string, deps: FetchDeps): Promise<Fetched> {
  const deadline = startDeadline({ timeoutMs: FETCH_TIMEOUT_MS, now: deps.now, startTimer: deps.startTimer });
  try {
    return await deadline.race(follow(url, deps, deadline.signal()));
  } catch {
    return failed(false, deadline.isOver() ? 'it did not answer within 60 s' : 'its host could not be reached');
  } finally {
    deadline.stop();
  }
}

async function follow(first: string, deps: FetchDeps, signal: AbortSignal): Promise<Fetched> {
  let url = first;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const problem = urlProblem(url, deps);
    if (problem !== null) return { ok: false, isFinal: true, problem };
    const response = await deps.fetch(url, { redirect: 'manual', signal });
    const location = redirectOf(response, url);
    if (location === null) return await take(response, deps);
    response.body?.cancel().catch(() => {});
    url = location;
  }
  return failed(true, `it redirects more than ${REDIRECTS_MAX} times`);
}

function urlProblem(url: string, { kind, allowsLoopback }: FetchDeps): Issue | null {
  if (allowsLoopback && isLoopback(url)) return null;
  const checked = checkUrl(url, kind === 'VIDEO' ? 'video' : 'audio', [...SOURCE_PATH, 'url']);
  return checked.ok ? null : (checked.issues[0] ?? null);
}

/** Returns the target of a redirect, without its fragment; null for any other response. */
function redirectOf({ status, headers }: Response, url: string): string | null {
  const location = headers.get('location');
  if (![301, 302, 303, 307, 308].includes(status) || location === null || !URL.canParse(location, url)) return null;
  const target = new URL(location, url);
  target.hash = '';
  return target.href;
}

async function take(response: Response, { receive, bytesMax }: FetchDeps): Promise<Fetched> {
  const { status, headers, body } = response;
  if (status !== 200 || body === null) {
    body?.cancel().catch(() => {});
    return failed(!(status === 408 || status === 429 || status >= 500), `it answered with status ${status}`);
  }
  const announced = headers.get('content-length');
  if (Number(announced ?? 0) > bytesMax) {
    body.cancel().catch(() => {});
    return tooLarge(bytesMax);
  }
  // The length of an encoded body is not that of the file.
  const length = announced === null || headers.has('content-encoding') ? null : Number(announced);
  const receipt = await receive(body, length);
  if (receipt === 'STORED') return { ok: true };
  return receipt === 'FILE_TOO_LARGE' ? tooLarge(bytesMax) : failed(false, 'it did not send the whole file');
}

function failed(isFinal: boolean, message: string): Fetched {
  return { ok: false, isFinal, problem: fetchFailed(message) };
}

function tooLarge(bytesMax: number): Fetched {
  const message = `must be at most ${bytesMax} bytes: the URL has more`;
  return { ok: false, isFinal: true, problem: { path: SOURCE_PATH, code: 'FILE_TOO_LARGE', message } };
}
