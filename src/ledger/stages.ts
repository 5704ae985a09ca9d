import type { LipSyncProgress, TaskFact } from '../domain/apply.ts';
import {
  FACE_SCAN_UNITS,
  fromMilliunits,
  lipSyncUnits,
  monthOf,
  SPEECH_UNITS,
  toMilliunits,
  toMilliunitsMax,
} from '../domain/cost.ts';
import { classifyRefusal, gatewayFailure, type TaskFailure } from '../domain/failure.ts';
import type { LipSyncPlan, LipSyncRequest } from '../domain/inputs.ts';
import { type Found, type NextStep, nextStep } from '../domain/lip-sync-plan.ts';
import { FACE_SCAN_TTL_MS, type KeptLipSyncInput, type LipSyncTask, type PreparationCost } from '../domain/records.ts';
import type { FaceScan, Speech } from '../domain/records.ts';
import type { VideoSource } from '../domain/sources.ts';
import type { LipSyncStage } from '../domain/task.ts';
import { GatewayError } from '../errors.ts';
import { readOwnJson } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import { traced } from '../lib/durable-object.ts';
import type { FileSources } from './isolation.ts';
import type { Journal } from './journal.ts';
import type { PaidCalls } from './paid-calls.ts';
import { lateCodeOf, OUTAGE_WAIT_MS, SETTLE_MS, stepWaitMs, createTurns } from './schedule.ts';
import type { Sender } from './sender.ts';
import type { Slots } from './slots.ts';
import type { AssetStore } from './stores/assets.ts';
import type { TaskRow, TaskStore } from './stores/tasks.ts';

/**
 * Prepares lip-syncs: waits for files and tasks, and makes scans and speeches. Invariant: a step is sent at most once, also
 * across crashes. If its answer is lost, the task ends.
 */
export interface Stages {
  /** Goes on with a task that is `PREPARING`, until it waits, is sent to Kling, or has ended. The alarm continues later. */
  advance(taskId: string): Promise<void>;
  /** Waits for the step under way, and begins no further one meanwhile. */
  stop(taskId: string): Promise<void>;
  isBusy(taskId: string): boolean;
  /** Returns how many scans and speeches are under way that were sent in a month (`2026-11`). */
  underWay(month: string): number;
  /** Ends a task that is `PREPARING`. Its last change shows what each step has cost. */
  close(taskId: string, end: StagesEnd): void;
  /** Returns the next step of a plan. Writes nothing, and does not call Kling. */
  next(plan: LipSyncPlan): NextStep;
  /** Returns the newest scan of a video that Kling still accepts; null without one. */
  scanOfVideo(video: VideoSource): FaceScan | null;
}

/** An end without Kling: a failure, or by the caller. */
type StagesEnd = Extract<TaskFact, { readonly type: 'CLOSED' | 'CANCELLED' }>;

interface StagesDeps {
  readonly tasks: TaskStore;
  readonly assets: AssetStore;
  readonly paidCalls: Pick<PaidCalls, 'scanFor' | 'speakFor' | 'chargeOf'>;
  readonly files: FileSources;
  readonly journal: Journal;
  readonly sender: Pick<Sender, 'send'>;
  readonly slots: Pick<Slots, 'isHealthy'>;
  /** The longest time of one exchange with Kling. */
  readonly exchangeTimeoutMs: number;
  readonly now: () => number;
  /** Returns [0, 1). */
  readonly random: () => number;
  readonly log: Log;
}

/** The time that a scan must still be valid for, because a lip-sync may wait for a slot. */
const SCAN_MARGIN_MS = 10 * 60 * 1000;

/**
 * The scans and speeches of one ledger under way. If the object dies, their answers are lost, and each ends its task. An
 * object has 6 connections, so more would only wait for one.
 */
const STEPS_AT_ONCE = 4;

/** Creates the stages. Build one per object, because it knows in memory which steps are under way. */
export function createStages(deps: StagesDeps): Stages {
  const { tasks, assets, paidCalls, files, journal, sender, slots, exchangeTimeoutMs, now, random, log } = deps;
  const busy = new Map<string, Promise<void>>();
  const stopping = new Set<string>();
  const turns = createTurns(STEPS_AT_ONCE);
  /** The months of the scans and speeches under way, by their tasks. */
  const months = new Map<string, string>();
  /** The scans under way, by their videos. Tasks with the same video share one. */
  const scanning = new Map<string, Promise<unknown>>();

  function scanOfVideo(video: VideoSource): FaceScan | null {
    const scan = assets.scanOfVideo(nameOf(video));
    return scan !== null && scan.createdAtMs + FACE_SCAN_TTL_MS - SCAN_MARGIN_MS > now() ? scan : null;
  }

  function next(plan: LipSyncPlan, speech: Speech | null = null): NextStep {
    return nextStep(plan, {
      findMedia: files.find,
      findTask: (id) => asLipSync(tasks.find({ id })),
      scanOfVideo,
      scanOfSession: (sessionId) => assets.scanOfSession(sessionId),
      speech,
      speechDurationMs: (audioId) => assets.speechDurationMs(audioId),
    });
  }

  /** A step may have been paid since the last record of the costs. */
  function end(taskId: string, fact: StagesEnd): void {
    const task = asLipSync(tasks.find({ id: taskId }));
    const { stage = 'WAITING', preparation = [], details, faceId = null, unitsEstimated } = task ?? {};
    const lipSync = details?.lipSync;
    if (lipSync !== undefined && preparation.length > 0) {
      const costs = preparation.map((cost) => costOf(taskId, cost.stage, true) ?? cost);
      const known = { stage, lipSync, faceId, unitsEstimated: unitsEstimated ?? '0' };
      journal.apply(taskId, { type: 'STAGE', progress: { ...known, preparation: costs } });
    }
    journal.apply(taskId, fact);
  }

  function close(taskId: string, failure: TaskFailure): void {
    end(taskId, { type: 'CLOSED', failure });
  }

  function putOff({ record, tries }: TaskRow, waitMs: number): void {
    journal.apply(record.id, null, { tries: tries + 1, wakeAtMs: now() + waitMs, waitsFor: null });
  }

  /** Records the step that begins, and what is known before it. */
  function enter({ id }: LipSyncTask, progress: LipSyncProgress): void {
    const lostAtMs = now() + exchangeTimeoutMs + SETTLE_MS;
    journal.apply(id, { type: 'STAGE', progress }, { tries: 0, wakeAtMs: lostAtMs, waitsFor: null });
  }

  function progressOf(task: LipSyncTask, plan: LipSyncPlan, stage: LipSyncStage, found: Known): LipSyncProgress {
    const { scan, face, speech, request } = found;
    const { sound } = plan;
    const lengthMs = scan?.videoDurationMs;
    const before = task.details?.lipSync;
    const audio = speech === null ? before?.audio : { audioId: speech.audioId, ...lengthOf(speech.durationMs) };
    const lipSync: KeptLipSyncInput = {
      ...keptSettings(plan),
      ...before,
      ...(face === null ? {} : { face }),
      ...(scan?.video === undefined ? {} : { video: scan.video }),
      ...(scan?.videoDurationMs === undefined ? {} : { videoDurationMs: scan.videoDurationMs }),
      audio: { ...audio, ...('speech' in sound ? {} : files.kept(sound)) },
      ...(request === null ? {} : { placement: request.placement }),
    };
    const costs = [
      costOf(task.id, 'SCANNING', plan.video !== undefined && scan === null),
      costOf(task.id, 'SPEAKING', 'speech' in sound && speech === null),
    ];
    return {
      stage,
      lipSync,
      preparation: costs.filter((cost) => cost !== null),
      faceId: scan === null || face === null ? null : `${scan.id}:${face.faceId}`,
      // Without a measured length, the estimate of the create stands.
      unitsEstimated: lengthMs === undefined ? (task.unitsEstimated ?? lipSyncUnits(null)) : lipSyncUnits(lengthMs),
    };
  }

  /** Returns the cost of a step that this task has paid, or still needs; null for one that it does not pay. */
  function costOf(taskId: string, stage: PreparationCost['stage'], isNeeded: boolean): PreparationCost | null {
    const charge = paidCalls.chargeOf(taskId, stage);
    if (charge === null && !isNeeded) return null;
    const { isAnswered = false, unitsCharged = null } = charge ?? {};
    return { stage, unitsEstimated: UNITS[stage], isPaid: isAnswered, unitsCharged };
  }

  /** Ends a task whose next step would cost more than the caller allows. Returns false for one that may go on. */
  function isOverMax({ id, unitsMax }: LipSyncTask, { preparation }: LipSyncProgress, nextUnits: string): boolean {
    const max = unitsMax === undefined ? null : toMilliunitsMax(unitsMax);
    if (max === null) return false;
    const paid = preparation.filter(({ isPaid }) => isPaid);
    const spent = paid.reduce((sum, cost) => sum + (toMilliunits(cost.unitsCharged ?? cost.unitsEstimated) ?? 0), 0);
    if (spent + (toMilliunits(nextUnits) ?? 0) <= max) return false;
    close(id, {
      code: 'QUOTA_EXHAUSTED',
      message: `The next step would bring the cost over the ${fromMilliunits(max)} units of maxUnits.`,
      quota: { limit: 'MAX_UNITS', unitsNeeded: nextUnits, unitsLeft: fromMilliunits(Math.max(0, max - spent)) },
    });
    return true;
  }

  /** Handles a step that was not answered. Nothing that may have been charged is sent again. */
  function settleFailure(row: TaskRow, stage: PreparationCost['stage'], error: unknown): void {
    const { id } = row.record;
    const charge = paidCalls.chargeOf(id, stage);
    const cause = error instanceof GatewayError ? error.failure.message : String(error);
    log({ level: 'warn', message: 'step of a lip-sync failed', taskId: id, stage, cause });
    if (charge !== null && !charge.isAnswered) return close(id, gatewayFailure('STAGE_OUTCOME_UNKNOWN'));
    if (!(error instanceof GatewayError)) throw error;
    // An answer that is stored and could not be claimed is asked for again, without a charge.
    if (charge !== null || error.failure.retryable) return putOff(row, stepWaitMs(row.tries, random));
    close(id, classifyRefusal(error.failure));
  }

  /** Makes a call at its turn. Throws instead if Kling has gone down meanwhile: an answer that is lost would end the task. */
  function atTurn<T>(taskId: string, call: () => Promise<T>): Promise<T | null> {
    return turns.run(taskId, async () => {
      if (slots.isHealthy()) {
        months.set(taskId, monthOf(now()));
        return call().finally(() => months.delete(taskId));
      }
      const message = 'Kling is down. Nothing was sent.';
      throw new GatewayError({ code: 'UPSTREAM_UNAVAILABLE', message, retryable: true });
    });
  }

  /** Makes the scan of a video, or waits for another task that makes it. */
  async function makeScan(taskId: string, video: VideoSource): Promise<void> {
    const name = nameOf(video);
    const same = scanning.get(name);
    // Its failure is the other task's. This one then makes a scan of its own.
    if (same !== undefined) return void (await same.catch(() => {}));
    const started = atTurn(taskId, () => paidCalls.scanFor(taskId, { video }));
    scanning.set(name, started);
    try {
      await started;
    } finally {
      scanning.delete(name);
    }
  }

  /** Makes the scan or the speech of a task. Returns as `takeStep`. */
  async function payFor(
    row: TaskRow,
    task: LipSyncTask,
    plan: LipSyncPlan,
    todo: Extract<NextStep, { readonly type: 'SCAN' | 'SPEAK' }>,
    found: Known,
  ): Promise<Progress | null> {
    const stage = todo.type === 'SCAN' ? 'SCANNING' : 'SPEAKING';
    const progress = progressOf(task, plan, stage, found);
    if (isOverMax(task, progress, UNITS[stage])) return null;
    if (!slots.isHealthy()) {
      putOff(row, OUTAGE_WAIT_MS);
      return null;
    }
    enter(task, progress);
    try {
      if (todo.type === 'SPEAK') {
        return { speech: await atTurn(task.id, () => paidCalls.speakFor(task.id, todo.request)) };
      }
      await makeScan(task.id, todo.request.video);
    } catch (error) {
      settleFailure(row, stage, error);
      return null;
    }
    // A scan of its own that has expired is not made again: that would be charged again.
    const isExpired = paidCalls.chargeOf(task.id, stage) !== null && scanOfVideo(todo.request.video) === null;
    if (!isExpired) return { speech: found.speech };
    close(task.id, gatewayFailure('NOT_SENT'));
    return null;
  }

  /** Does one step. Returns the speech of the task, as far as it is known; null to stop. */
  async function takeStep(row: TaskRow, task: LipSyncTask, speech: Speech | null): Promise<Progress | null> {
    const plan = readOwnJson<LipSyncPlan>(tasks.request(task.id) ?? '{}');
    const todo = next(plan, speech);
    const { scan = null, face = null } = 'scan' in todo ? todo : {};
    const found: Known = { scan, face, speech, request: null };
    if (todo.type === 'SCAN' || todo.type === 'SPEAK') return payFor(row, task, plan, todo, found);
    if (todo.type === 'WAIT') {
      journal.apply(task.id, null, { wakeAtMs: row.deadlineAtMs, waitsFor: todo.forId });
    } else if (todo.type === 'FAIL') {
      enter(task, progressOf(task, plan, task.stage ?? 'WAITING', found));
      close(task.id, todo.failure);
    } else {
      send(row, task, plan, { ...found, request: todo.request });
      await sender.send(task.id, false);
    }
    return null;
  }

  /** Puts a prepared task into the queue. */
  function send(row: TaskRow, task: LipSyncTask, plan: LipSyncPlan, found: Known & { request: LipSyncRequest }): void {
    const progress = progressOf(task, plan, 'SYNCING', found);
    if (isOverMax(task, progress, progress.unitsEstimated)) return;
    const queued = { phase: 'WAITING' as const, tries: 0, wakeAtMs: now(), deadlineAtMs: row.deadlineAtMs };
    journal.apply(task.id, { type: 'STAGE', progress }, queued, JSON.stringify(found.request));
  }

  async function run(taskId: string): Promise<void> {
    let known: Progress | null = { speech: null };
    while (known !== null && !stopping.has(taskId)) {
      const row = tasks.find({ id: taskId });
      const task = asLipSync(row);
      if (row?.phase !== 'PREPARING' || task === null) return;
      // A step that ended after the deadline must not begin another one, which would be paid for nothing.
      if (now() >= row.deadlineAtMs) return close(taskId, gatewayFailure(lateCodeOf(row)));
      known = await takeStep(row, task, known.speech);
    }
  }

  return {
    next,
    scanOfVideo,
    advance(taskId) {
      const running = busy.get(taskId);
      if (running) return running;
      const started = traced({ taskId }, () => run(taskId)).finally(() => busy.delete(taskId));
      busy.set(taskId, started);
      return started;
    },
    async stop(taskId) {
      stopping.add(taskId);
      turns.leave(taskId);
      try {
        // Its failure is logged where it was started.
        await busy.get(taskId)?.catch(() => {});
      } finally {
        stopping.delete(taskId);
      }
    },
    isBusy: (taskId) => busy.has(taskId),
    underWay: (month) => [...months.values()].filter((each) => each === month).length,
    close: end,
  };
}

/** The facts that are known of a task at a step. */
interface Known extends Found {
  readonly speech: Speech | null;
  readonly request: LipSyncRequest | null;
}

/** The speech of a task; null until it is made. */
interface Progress {
  readonly speech: Speech | null;
}

const UNITS = { SCANNING: FACE_SCAN_UNITS, SPEAKING: SPEECH_UNITS } as const;

/** Returns what a lip-sync keeps of a plan, apart from face, video and audio. */
export function keptSettings(plan: LipSyncPlan): Omit<KeptLipSyncInput, 'audio'> {
  const { soundVolume, originalAudioVolume, watermark } = plan;
  return { audioVolume: soundVolume, originalAudioVolume, watermark };
}

function lengthOf(durationMs: number | null): { readonly durationMs?: number } {
  return durationMs === null ? {} : { durationMs };
}

/** Returns the name by which `AssetStore.scanOfVideo` finds the scans of a video. */
function nameOf({ mediaId, videoId, url }: VideoSource): string {
  return mediaId ?? videoId ?? url ?? '';
}

function asLipSync(row: TaskRow | null): LipSyncTask | null {
  return row?.record.kind === 'LIP_SYNC' ? row.record : null;
}
