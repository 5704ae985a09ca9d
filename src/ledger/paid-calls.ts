import type { ResultId } from '../account/owners.ts';
import {
  type Deduction,
  FACE_SCAN_UNITS,
  monthOf,
  reportedMilliunits,
  SPEECH_UNITS,
  toMilliunits,
} from '../domain/cost.ts';
import {
  checkIdentifyFacesInput,
  checkSynthesizeSpeechInput,
  type IdentifyFacesInput,
  languageOf,
  SPEECH_SPEED,
  type SpeechRequest,
  type SynthesizeSpeechInput,
} from '../domain/inputs.ts';
import { FACE_SCAN_TTL_MS, type FaceScan, type Speech } from '../domain/records.ts';
import { type ExistingObject, GatewayError } from '../errors.ts';
import { KlingError } from '../kling/errors.ts';
import { readOwnJson } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import { validOrThrow } from './create-tasks.ts';
import { digestOfFaceScan, digestOfSpeech, type RequestDigest } from './digest.ts';
import type { ArchivePlan } from './stores/archive.ts';
import type { FileSources } from './file-sources.ts';
import type { Owners, TenantKling } from './isolation.ts';
import type { BudgetCheck } from './limits.ts';
import { CLAIMS_MAX, claimWaitMs } from './schedule.ts';
import type { AssetStore, PaidCall, PaidCallStore } from './stores/assets.ts';
import type { TaskStore } from './stores/tasks.ts';

/** The calls that Kling charges at once and cannot be asked about later. */
export interface PaidCalls {
  /** If the external id was used with the same input before, returns the first answer and charges nothing. */
  identifyFaces(input: IdentifyFacesInput, externalId: string | null): Promise<FaceScan>;
  synthesizeSpeech(input: SynthesizeSpeechInput, externalId: string | null): Promise<Speech>;
  /** Claims the scans and speeches whose claim failed or was interrupted, so that the lists show them. Called by the alarm. */
  claimDue(): Promise<void>;
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
  /** The host of a sandbox that takes the place of Kling. See `checkFileUrl`. */
  readonly localHost: string | null;
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
  readonly units: string;
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
    localHost,
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
      checkBudget(units);
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
      const digest = await digestOfFaceScan(input);
      const answered = await once<FaceScan>({
        key,
        digest,
        units: FACE_SCAN_UNITS,
        assetOf: scanOf,
        check() {
          const request = validOrThrow(checkIdentifyFacesInput(input, [], localHost, files.find));
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
              externalId: key,
            };
          };
          return (id) => pay(id, { key, digest, assetOf: scanOf }, () => call(id), FACE_SCAN_UNITS);
        },
      });
      // A repeat may come after its pictures are copied. The stored answer does not name the copies.
      return assets.faceScan(answered.id) ?? answered;
    },

    async synthesizeSpeech(input, key) {
      const digest = await digestOfSpeech(input);
      const { text, klingVoiceId: voiceId, speed } = input.speech;
      // An unknown language is refused, or conflicts with the earlier call.
      const language = languageOf(input.speech) ?? 'en';
      const spoken = { text, voiceId, language, speed: speed ?? SPEECH_SPEED.fallback, externalId: key };
      const assetOf = (answer: SpeechAnswer): Speech => ({ ...answer, ...spoken });
      const answered = await once<SpeechAnswer>({
        key,
        digest,
        units: SPEECH_UNITS,
        assetOf,
        check() {
          const isVideoVoice = input.isVideoVoice === true || assets.voice(voiceId) !== null;
          const request = validOrThrow(checkSynthesizeSpeechInput({ ...input, isVideoVoice }));
          const call = async (): Promise<SpeechAnswer> => {
            const result = await kling.synthesizeSpeech(request);
            return { ...result, createdAtMs: result.createdAtMs ?? now() };
          };
          return (id) => pay(id, { key, digest, assetOf }, call, SPEECH_UNITS);
        },
      });
      return assetOf(answered);
    },
  };
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
