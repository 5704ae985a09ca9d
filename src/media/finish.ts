import { unsupportedFormat, type MediaFacts, type MediaKind, type MediaOutcome } from '../domain/media.ts';
import type { Issue } from '../errors.ts';
import { type Backoff, backoffMs, startDeadline, type StartTimer } from '../lib/time.ts';
import type { Log } from '../lib/log.ts';
import type { BucketFile, UploadState, UploadStore } from './store.ts';
import type { FileSource, Inspection } from './inspect.ts';

/** Reads the facts of a file, and finds what is wrong with it. Throws only what the source throws. */
export type Inspect = (source: FileSource, kind: MediaKind) => Promise<Inspection>;

/** The inspections that may start. One that does not return has used up the object's memory or time. */
const INSPECTIONS_MAX = 2;

/** How long an inspection may take. */
const INSPECTION_TIMEOUT_MS = 30_000;

/** How long the alarm waits for a run that may have been evicted. Longer than any call of a run. */
const RUN_MS_MAX = 120_000;

/** How long after the expiry of an upload its last steps are tried, such as without the bucket. */
const GIVE_UP_AFTER_MS = 86_400_000;

const RETRY: Backoff = { baseMs: 1_000, capMs: 300_000, jitter: 'EVEN' };

/** Brings an upload from its last byte to its end. */
export interface Finisher {
  /** Runs what is due, and continues a run that is under way. Resolves when it has ended or failed. Never rejects. */
  run(): Promise<void>;
}

interface FinisherDeps {
  readonly store: UploadStore;
  readonly file: BucketFile;
  readonly inspect: Inspect;
  /** Reports an outcome to the ledger. Returns false if the ledger has no such media any more. */
  readonly report: (state: UploadState, outcome: MediaOutcome) => Promise<boolean>;
  /** Sets the alarm to what is due. */
  readonly arm: () => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly startTimer: StartTimer;
  readonly log: Log;
}

/**
 * Creates the last steps: complete, hash, inspect, report, or delete. Each step is stored before the next one begins, and
 * can be repeated. The alarm continues after an eviction.
 */
export function createFinisher(deps: FinisherDeps): Finisher {
  const { store, file, inspect, report, arm, now, random, startTimer, log } = deps;
  let running: Promise<void> | null = null;

  function decide(outcome: MediaOutcome): void {
    store.change({ phase: 'REPORTING', outcome, failures: 0 });
  }

  async function inspected(state: UploadState): Promise<MediaOutcome> {
    const bytes = state.bytes ?? 0;
    if (state.inspections >= INSPECTIONS_MAX) {
      const problem = unsupportedFormat(state.kind, 'could not be read: two attempts did not end');
      return outcomeOf(state, null, [problem]);
    }
    // Stored first, because a file may end the process that reads it.
    store.change({ inspections: state.inspections + 1 });
    const deadline = startDeadline({ timeoutMs: INSPECTION_TIMEOUT_MS, now, startTimer });
    try {
      const source = { bytes, read: (start: number, end: number) => file.read(start, end) };
      const { facts, problems } = await deadline.race(inspect(source, state.kind));
      return outcomeOf(state, facts, problems);
    } catch (error) {
      // The bucket has failed, not the file.
      if (!deadline.isOver()) store.change({ inspections: state.inspections });
      throw error;
    } finally {
      deadline.stop();
    }
  }

  /** Tells the ledger that all bytes are there. If the report is lost, the next one says more. */
  async function tellChecking(state: UploadState): Promise<void> {
    const bytes = state.bytes ?? 0;
    const isKept = await report(state, { status: 'CHECKING', bytes, sha256: null, facts: null, problems: [] });
    if (!isKept && store.state?.phase === 'FINISHING') store.change({ phase: 'DELETING', failures: 0 });
  }

  async function finish(state: UploadState): Promise<void> {
    if (state.foundSha256 === null) {
      tellChecking(state).catch(() => {});
      await file.complete(state.bytes ?? 0);
      if (store.state?.phase !== 'FINISHING') return;
      const foundSha256 = await file.sha256();
      if (store.state.phase !== 'FINISHING') return;
      store.change({ foundSha256 });
      return;
    }
    if (state.sha256 !== null && state.sha256 !== state.foundSha256) {
      const message = `has the SHA-256 ${state.foundSha256}, but was announced with ${state.sha256}`;
      return decide(outcomeOf(state, null, [{ path: ['source', 'file', 'sha256'], code: 'MALFORMED', message }]));
    }
    const outcome = await inspected(state);
    if (store.state?.phase === 'FINISHING') decide(outcome);
  }

  async function tell(state: UploadState, outcome: MediaOutcome): Promise<void> {
    const isKept = await report(state, outcome);
    if (store.state?.phase !== 'REPORTING') return;
    if (!isKept) return void store.change({ phase: 'DELETING', failures: 0 });
    if (outcome.status === 'REJECTED') await file.remove();
    else store.clear();
    store.change({ phase: 'COMPLETE', failures: 0, wakeAtMs: state.expiresAtMs });
  }

  /** Runs one step. Returns false if nothing is due. */
  async function step(state: UploadState | null): Promise<boolean> {
    if (state?.phase === 'FINISHING') {
      await finish(state);
      return true;
    }
    if (state?.phase === 'REPORTING' && state.outcome !== null) {
      await tell(state, state.outcome);
      return true;
    }
    if (state?.phase === 'DELETING') {
      await file.remove();
      store.change({ phase: 'GONE', failures: 0, wakeAtMs: state.expiresAtMs });
      return true;
    }
    return false;
  }

  async function runAll(): Promise<void> {
    try {
      for (;;) {
        if (!isDue(store.state)) break;
        store.change({ wakeAtMs: now() + RUN_MS_MAX });
        arm();
        if (!(await step(store.state))) break;
      }
    } catch (error) {
      const failures = (store.state?.failures ?? 0) + 1;
      store.change({ failures, wakeAtMs: now() + backoffMs(failures, RETRY, random) });
      const { tenant, mediaId, phase, expiresAtMs = 0 } = store.state ?? {};
      const isLast = expiresAtMs + GIVE_UP_AFTER_MS <= now();
      const message = isLast ? 'upload given up, its file may be left in the bucket' : 'upload not finished';
      log({ level: isLast ? 'error' : 'warn', message, tenant, mediaId, phase, failures, cause: String(error) });
      // The alarm then deletes the object.
      if (isLast) store.change({ phase: 'GONE', wakeAtMs: now() });
    }
    arm();
  }

  return {
    run: () => {
      running ??= runAll().finally(() => {
        running = null;
      });
      return running;
    },
  };
}

/** Returns whether the finisher has work. */
export function isDue(state: UploadState | null): boolean {
  return state?.phase === 'FINISHING' || state?.phase === 'REPORTING' || state?.phase === 'DELETING';
}

function outcomeOf(state: UploadState, facts: MediaFacts | null, problems: readonly Issue[]): MediaOutcome {
  const status = problems.length === 0 && facts !== null ? 'READY' : 'REJECTED';
  return { status, bytes: state.bytes ?? 0, sha256: state.foundSha256, facts, problems };
}
