import { validOrThrow } from '../domain/check.ts';
import type { ResultId } from '../account/kling-account.ts';
import {
  type Deduction,
  FACE_SCAN_UNITS,
  monthOf,
  reportedMilliunits,
  SPEECH_UNITS,
  toMilliunits,
} from '../domain/cost.ts';
import { checkIdentifyFacesInput, type FaceScanRequest, type IdentifyFacesInput } from '../domain/inputs.ts';
import {
  checkSynthesizeSpeechInput,
  languageOf,
  SPEECH_SPEED,
  type SpeechRequest,
  type SynthesizeSpeechInput,
} from '../domain/speech.ts';
import { FACE_SCAN_TTL_MS, type FaceScan, type PreparationCost, type Speech } from '../domain/records.ts';
import type { SourceFacts } from '../domain/sources.ts';
import { type ExistingObject, GatewayError } from '../errors.ts';
import { KlingError } from '../kling/errors.ts';
import { readOwnJson } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import { digestOfFaceScan, digestOfSpeech, type RequestDigest } from './digest.ts';
import type { ArchivePlan } from './stores/files.ts';
import type { FileSources, Owners, TenantKling } from './isolation.ts';
import type { BudgetCheck } from './limits.ts';
import { CLAIMS_MAX, claimWaitMs } from './schedule.ts';
import type { AssetStore, PaidCall, PaidCallStore } from './stores/assets.ts';
import type { TaskStore } from './stores/tasks.ts';

/** The calls that Kling charges at once and cannot be asked about later. */
export interface PaidCalls {
  /** If the external id was used with the same input before, returns the first answer and charges nothing. */
  identifyFaces(input: IdentifyFacesInput, externalId: string | null): Promise<FaceScan>;
  synthesizeSpeech(input: SynthesizeSpeechInput, externalId: string | null): Promise<Speech>;
  /**
   * Makes the scan or the speech of a task, once, whatever dies. Returns what was made before. Throws if Kling refuses it,
   * and if an earlier answer was lost: `chargeOf` tells which.
   */
  scanFor(taskId: string, request: FaceScanRequest): Promise<FaceScan>;
  speakFor(taskId: string, request: SpeechRequest): Promise<Speech>;
  /** Returns what the step of a task has cost; null if it was not sent, or was refused. */
  chargeOf(taskId: string, stage: PaidStage): StepCharge | null;
  /** Claims the scans and speeches whose claim failed or was interrupted, so that the lists show them. Called by the alarm. */
  claimDue(): Promise<void>;
}

/** The steps of a lip-sync that Kling charges at once. */
type PaidStage = PreparationCost['stage'];

/** The charge of a step. One that is not answered may have been charged. */
interface StepCharge {
  readonly isAnswered: boolean;
  /** As Kling reports it; null if it does not. */
  readonly unitsCharged: string | null;
  /** Kling's id of the speech. Missing for a scan, and before the answer. */
  readonly audioId?: string;
}

/** The most scans and speeches that one run of the alarm claims. The next run follows at once. */
const CLAIMS_AT_ONCE = 100;

interface PaidCallsDeps {
  readonly tasks: Pick<TaskStore, 'madeVideoMs'>;
  readonly assets: AssetStore;
  readonly paidCalls: PaidCallStore;
  readonly archivePlan: Pick<ArchivePlan, 'pictures'>;
  readonly kling: TenantKling;
  readonly files: FileSources;
  readonly owners: Owners;
  readonly checkBudget: BudgetCheck;
  readonly sourceFacts: SourceFacts;
  readonly arm: () => void;
  readonly transaction: <T>(work: () => T) => T;
  readonly now: () => number;
  /** Returns [0, 1). */
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Log;
}

/** A call as a caller ordered it. */
interface Order<T> {
  readonly key: string | null;
  readonly digest: RequestDigest;
  /** The units that the tenant's budget must have left; null if that is known. */
  readonly units: string | null;
  /** Throws if the input is invalid. Returns the call. A repeat is not checked: an accepted call stays accepted. */
  readonly check: () => (id: string) => Promise<T>;
  /** Returns what was made. A later request may name it by Kling's id, so it is listed once that is claimed. */
  readonly assetOf: (answer: T) => FaceScan | Speech;
}

/** Creates the paid calls. Build one per object: concurrent calls with the same key share an answer in memory. */
export function createPaidCalls(deps: PaidCallsDeps): PaidCalls {
  const {
    tasks,
    assets,
    paidCalls,
    archivePlan,
    kling,
    files,
    owners,
    checkBudget,
    sourceFacts,
    arm,
    transaction,
    now,
    random,
    newId,
    log,
  } = deps;
  /** The calls under way, by key. A concurrent call with the same key waits for the first answer. */
  const running = new Map<string, Promise<unknown>>();

  /** Adds the charge to the month. The price counts if Kling's answer contains no charge. */
  function charge(answer: Deduction, price: string): void {
    const milliunits = reportedMilliunits(answer) ?? toMilliunits(price) ?? 0;
    if (milliunits > 0) assets.addMilliunits(monthOf(now()), milliunits);
  }

  /** Calls Kling once and stores the answer and its consequences in one transaction. No caller has seen the answer yet. */
  async function pay<T extends Deduction>(
    id: string,
    { key, digest, assetOf }: Pick<Order<T>, 'key' | 'digest' | 'assetOf'>,
    call: () => Promise<T>,
    price: string,
  ): Promise<T> {
    paidCalls.begin(id, key, digest.text, now());
    arm();
    try {
      const answer = await call();
      const asset = assetOf(answer);
      transaction(() => {
        charge(answer, price);
        paidCalls.hold(id, JSON.stringify(answer));
        paidCalls.holdAsset(id, isSpeech(asset) ? asset : null, now() + claimWaitMs(0, random));
        arm();
      });
      return answer;
    } catch (error) {
      if (error instanceof KlingError && error.outcome === 'REFUSED') paidCalls.remove(id);
      else paidCalls.lose(id);
      throw error;
    }
  }

  /** Claims the answer, so that it may be shown. If that fails, the alarm tries again, and so does a repeat. */
  async function show<T>(id: string, { key, assetOf }: Order<T>, answer: T): Promise<T> {
    const asset = assetOf(answer);
    await owners.claim([resultIdOf(asset)]).catch((cause: unknown) => {
      throw notShown(key, isSpeech(asset) ? 'speeches' : 'faceScans', cause);
    });
    finish(id, asset);
    return answer;
  }

  /** Lists what is claimed: a list must not show what turns out to be of another tenant. */
  function finish(id: string, asset: FaceScan | Speech): void {
    transaction(() => {
      if (isSpeech(asset)) assets.keepSpeech(asset, now());
      else if (assets.keepFaceScan(asset)) archivePlan.pictures(asset);
      paidCalls.finish(id);
      arm();
    });
  }

  async function claimDue(): Promise<void> {
    const due = paidCalls.unclaimed(now(), CLAIMS_AT_ONCE);
    if (due.length === 0) return;
    // Stored before the claim, so that a claim that hangs is not due again at once.
    transaction(() => {
      for (const { id, tries } of due) {
        const isLast = tries + 1 >= CLAIMS_MAX;
        paidCalls.triedClaim(id, isLast ? null : now() + claimWaitMs(tries + 1, random));
      }
    });
    try {
      await owners.claim(due.map(({ asset }) => resultIdOf(asset)));
    } catch (error) {
      const givenUp = due.filter(({ tries }) => tries + 1 >= CLAIMS_MAX).map(({ id }) => id);
      const level = givenUp.length > 0 ? 'error' : 'warn';
      log({ level, message: 'answers not claimed', count: due.length, givenUp, cause: String(error) });
      return;
    }
    for (const { id, asset } of due) finish(id, asset);
  }

  /**
   * Makes the call, or returns the answer to an earlier one with the same key. Nothing is awaited between the last look at
   * the key and the record of the call. So the second of two concurrent calls finds the first.
   */
  async function once<T>(order: Order<T>): Promise<T> {
    const { key, digest, units, check } = order;
    const start = (): Promise<T> => {
      const payFor = check();
      if (units !== null) checkBudget(units);
      const id = newId();
      return payFor(id).then((answer) => show(id, order, answer));
    };
    if (key === null) return start();
    const known = paidCalls.byKey(key);
    if (known !== null && !(await digest.matches(known.inputDigest))) throw conflict(key, known);
    const before = paidCalls.byKey(key);
    if (before?.id !== known?.id) return once(order);
    if (before !== null && before.answer !== null) {
      const answer = readOwnJson<T>(before.answer);
      return before.state === 'HELD' ? show(before.id, order, answer) : answer;
    }
    const same = running.get(key);
    if (same) {
      await same;
      return once(order);
    }
    if (before !== null) throw lost(key);
    const started = start().finally(() => running.delete(key));
    running.set(key, started);
    return started;
  }

  return {
    claimDue,

    async identifyFaces(input, key) {
      return scan({
        key,
        externalId: key,
        digest: await digestOfFaceScan(input),
        units: FACE_SCAN_UNITS,
        check: () => validOrThrow(checkIdentifyFacesInput(input, [], sourceFacts)),
      });
    },

    async synthesizeSpeech(input, key) {
      const { text, klingVoiceId: voiceId, speed } = input.speech;
      return speak({
        key,
        externalId: key,
        digest: await digestOfSpeech(input),
        units: SPEECH_UNITS,
        // An unknown language is refused, or conflicts with the earlier call.
        request: { text, voiceId, language: languageOf(input.speech) ?? 'en', speed: speed ?? SPEECH_SPEED.fallback },
        check() {
          const isVideoVoice = input.speech.isVideoVoice === true || assets.voice(voiceId) !== null;
          validOrThrow(checkSynthesizeSpeechInput({ ...input, speech: { ...input.speech, isVideoVoice } }));
        },
      });
    },

    scanFor: (taskId, request) => scan({ ...stepOf(taskId, 'SCANNING'), check: () => request }),

    speakFor: (taskId, request) => speak({ ...stepOf(taskId, 'SPEAKING'), request, check: () => {} }),

    chargeOf(taskId, stage) {
      const call = paidCalls.byKey(stepKey(taskId, stage));
      if (call === null) return null;
      if (call.answer === null) return { isAnswered: false, unitsCharged: null };
      const { unitsDeducted, audioId } = readOwnJson<Deduction & Partial<Pick<Speech, 'audioId'>>>(call.answer);
      return { isAnswered: true, unitsCharged: unitsDeducted, ...(audioId === undefined ? {} : { audioId }) };
    },
  };

  /** Makes a scan, or returns the one that the key has made. */
  async function scan({ externalId, check, ...order }: ScanOrder): Promise<FaceScan> {
    const answered = await once<FaceScan>({
      ...order,
      assetOf: scanOf,
      check() {
        const request = check();
        files.checkReachable(request.video);
        const { durationMs: fileMs = null, ...kept } = files.kept(request.video);
        const call = async (id: string): Promise<FaceScan> => {
          const result = await kling.identifyFaces(request);
          const createdAtMs = now();
          const video = { ...request.video, ...kept };
          const { videoId } = request.video;
          const lengthMs = videoId === undefined ? fileMs : tasks.madeVideoMs(videoId);
          const known = lengthMs === null ? {} : { videoDurationMs: lengthMs };
          return {
            ...result,
            ...known,
            id,
            video,
            createdAtMs,
            expiresAtMs: createdAtMs + FACE_SCAN_TTL_MS,
            externalId,
          };
        };
        return (id) => pay(id, { ...order, assetOf: scanOf }, () => call(id), FACE_SCAN_UNITS);
      },
    });
    // A repeat may come after its pictures are copied. The stored answer does not name the copies.
    return assets.faceScan(answered.id) ?? answered;
  }

  async function callSpeech(request: SpeechRequest): Promise<SpeechAnswer> {
    const result = await kling.synthesizeSpeech(request);
    return { ...result, createdAtMs: result.createdAtMs ?? now() };
  }

  /** Makes a speech, or returns the one that the key has made. */
  async function speak({ externalId, request, check, ...order }: SpeechOrder): Promise<Speech> {
    const assetOf = (answer: SpeechAnswer): Speech => ({ ...answer, ...request, externalId });
    const answered = await once<SpeechAnswer>({
      ...order,
      assetOf,
      check() {
        check();
        return (id) => pay(id, { ...order, assetOf }, () => callSpeech(request), SPEECH_UNITS);
      },
    });
    return assetOf(answered);
  }
}

interface CallOrder {
  readonly key: string | null;
  /** Shown with what was made. */
  readonly externalId: string | null;
  readonly digest: RequestDigest;
  readonly units: string | null;
}

interface ScanOrder extends CallOrder {
  /** Throws if the input is invalid. */
  readonly check: () => FaceScanRequest;
}

interface SpeechOrder extends CallOrder {
  readonly request: SpeechRequest;
  /** Throws if the input is invalid. */
  readonly check: () => void;
}

/** Returns the key of a step of a task. No external id has a slash. */
function stepKey(taskId: string, stage: PaidStage): string {
  return `${taskId}/${stage}`;
}

/** The step of a task is made once. Its request never changes, and its budget was checked with the task's. */
function stepOf(taskId: string, stage: PaidStage): CallOrder {
  const key = stepKey(taskId, stage);
  return { key, externalId: null, digest: { text: key, matches: async () => true }, units: null };
}

/** The stored answer to a text-to-speech call. Answers of version 0.1 have the same form. */
type SpeechAnswer = Omit<Speech, keyof SpeechRequest | 'externalId'>;

function conflict(key: string, { answer }: PaidCall): GatewayError {
  const existing = answer === null ? null : objectIn(readOwnJson<FaceScan | SpeechAnswer>(answer));
  return new GatewayError({
    code: 'CONFLICT',
    message: `The external id "${key}" has been used with another input.`,
    retryable: false,
    ...(existing === null ? {} : { existing }),
  });
}

/** The answer to a scan is the scan. */
function scanOf(answer: FaceScan): FaceScan {
  return answer;
}

function isSpeech(asset: FaceScan | Speech): asset is Speech {
  return 'audioId' in asset;
}

function resultIdOf(asset: FaceScan | Speech): ResultId {
  return isSpeech(asset) ? { kind: 'AUDIO', id: asset.audioId } : { kind: 'SESSION', id: asset.sessionId };
}

/** Names the object of a stored answer. Speeches are found by Kling's id of the audio. */
function objectIn(answer: FaceScan | SpeechAnswer): ExistingObject {
  return 'audioId' in answer ? { type: 'SPEECH', id: answer.audioId } : { type: 'FACE_SCAN', id: answer.id };
}

function notShown(key: string | null, list: string, cause: unknown): GatewayError {
  const hint = key === null ? '' : ' The same external id asks for it again.';
  const message = `It was made and paid for, and cannot be shown now. It will appear in "${list}".${hint}`;
  return new GatewayError(
    { code: 'UPSTREAM_UNAVAILABLE', message, retryable: key !== null, isFromKling: true },
    { cause },
  );
}

function lost(key: string): GatewayError {
  return new GatewayError({
    code: 'UPSTREAM_UNAVAILABLE',
    message: `The answer to the call with the external id "${key}" was lost, and Kling cannot be asked for it again. It may have been charged. To make the call again, use another external id.`,
    retryable: false,
    isFromKling: true,
  });
}
