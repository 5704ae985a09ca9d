import type { PageRequest, PresetVoicePage } from '../domain/requests.ts';
import type { Voice } from '../domain/voice.ts';
import { GatewayError, type Failure } from '../errors.ts';
import { KlingError } from './kling-error.ts';

/** Kling's library of voices, kept for a while: it is the same for every caller. */
export interface PresetLibrary {
  /**
   * Every voice once, in Kling's order. `readPage` is the caller's own way to Kling, used when nothing is kept. Throws
   * what it throws, and for some seconds after a failure at Kling the same failure, without asking again.
   */
  voices(readPage: ReadPresetPage): Promise<readonly Voice[]>;
}

/** One page of the library at Kling. Throws `KlingError`, or why the caller may not read it. */
export type ReadPresetPage = (page: PageRequest) => Promise<PresetVoicePage>;

export interface PresetLibraryDeps {
  /** For refreshing, which happens after the answer and on nobody's account. */
  readonly readPage: ReadPresetPage;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Goes on after the answer. A failure is logged, never thrown. */
  readonly background: (work: () => Promise<unknown>) => void;
}

/** For how long Kling is not asked again. */
export const LIBRARY_FRESH_MS = 300_000;

/** For how long a reading serves while Kling does not answer. */
export const LIBRARY_LAST_GOOD_MS = 24 * 3_600_000;

const REFRESH_AGAIN_MS = 30_000;
const FAILED_MS = 5_000;

/** Kling accepts up to 1,000; a smaller page is more likely to be taken by every host. */
const PAGE_SIZE = 100;
const PAGES_MAX = 50;

/**
 * Build one per isolate. Requests share what was read and never a promise, which in a Worker belongs to one request: with
 * nothing kept each of several requests reads for itself. A reading that is no longer fresh is served and refreshed once.
 */
export function createPresetLibrary({ readPage: readAlone, now, background }: PresetLibraryDeps): PresetLibrary {
  let kept: { readonly voices: readonly Voice[]; readonly readAtMs: number } | null = null;
  let failed: { readonly failure: Failure; readonly untilMs: number } | null = null;
  let refreshAtMs = Number.NEGATIVE_INFINITY;

  async function read(readPage: ReadPresetPage): Promise<readonly Voice[]> {
    try {
      const voices = await readLibrary(readPage);
      // An empty library is shown but not kept: it is more likely a fault than the truth.
      if (voices.length > 0) kept = { voices, readAtMs: now() };
      return voices;
    } catch (error) {
      // A tenant that is out of its own reads says nothing about Kling.
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
        background(() => read(readAlone));
      }
      return kept.voices;
    },
  };
}

/**
 * Reads page after page to the one that holds nothing. A page that is not full is not the last one: Kling may put fewer on
 * it than were asked for, and items without a voice.
 */
async function readLibrary(readPage: ReadPresetPage): Promise<readonly Voice[]> {
  const voices = new Map<string, Voice>();
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const read = await readPage({ page, pageSize: PAGE_SIZE }).catch((error: unknown) => {
      if (page > 1 && isPastTheEnd(error)) return null;
      throw error;
    });
    if (read === null || read.itemsSent === 0) break;
    const known = voices.size;
    for (const voice of read.items) if (!voices.has(voice.voiceId)) voices.set(voice.voiceId, voice);
    // The same voices again: Kling does not heed the number of the page.
    if (read.items.length > 0 && voices.size === known) break;
  }
  return [...voices.values()];
}

/** Whether Kling refuses a page because there are not so many. */
function isPastTheEnd(error: unknown): boolean {
  return error instanceof KlingError && ['BAD_USER_INPUT', 'NOT_FOUND'].includes(error.failure.code);
}

function stillFailed(failure: Failure, waitMs: number): GatewayError {
  return new GatewayError(failure.retryable ? { ...failure, retryAfterMs: waitMs } : failure);
}
