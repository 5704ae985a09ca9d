import { FACE_SCAN_TTL_MS } from '../domain/retention.ts';
import {
  type Deduction,
  FACE_SCAN_UNITS,
  monthOf,
  SPEECH_UNITS,
  reportedMilliunits,
  toMilliunits,
} from '../domain/cost.ts';
import {
  checkIdentifyFacesInput,
  checkSynthesizeSpeechInput,
  type IdentifyFacesInput,
  type SynthesizeSpeechInput,
} from '../domain/inputs.ts';
import type { Made } from '../domain/made.ts';
import type { FaceScan, Speech } from '../domain/records.ts';
import { GatewayError } from '../errors.ts';
import { KlingError } from '../kling/errors.ts';
import { createAfford } from './budget.ts';
import { valid } from './create-tasks.ts';
import type { LedgerDeps } from './deps.ts';
import { digestOfFaceScan, digestOfSpeech, type RequestDigest } from './digest.ts';
import { readOwnJson } from '../lib/json.ts';

/** Calls that Kling charges at once and cannot be asked about later. */
export interface PaidCalls {
  /** With an idempotency key that has been used for the same input, the first answer comes again, and nothing is charged. */
  identifyFaces(input: IdentifyFacesInput, idempotencyKey: string | null): Promise<FaceScan>;
  synthesizeSpeech(input: SynthesizeSpeechInput, idempotencyKey: string | null): Promise<Speech>;
}

/** One call as it was asked for. */
interface Order<T> {
  readonly key: string | null;
  readonly digest: RequestDigest;
  readonly units: string;
  /** Throws what is wrong with the input; else pays. Not asked for a repeat: what has been accepted stays accepted. */
  readonly check: () => (id: string) => Promise<T>;
  readonly madeBy: (answer: T) => readonly Made[];
}

export function createPaidCalls(deps: LedgerDeps): PaidCalls {
  const { sums, paidCalls, holdings, kling, owners, now, newId, arm } = deps;
  const afford = createAfford(deps);
  /** Those under way in this object, by key: a second asker waits for the first one's answer. */
  const running = new Map<string, Promise<unknown>>();

  /** Kling may leave the charge out of its answer: the price counts then. */
  function charge(answer: Deduction, price: string): void {
    const milliunits = reportedMilliunits(answer) ?? toMilliunits(price) ?? 0;
    if (milliunits > 0) holdings.addMilliunits(monthOf(now()), milliunits);
  }

  /** Calls Kling once, and keeps the answer together with what follows from it. Nobody has seen it when it returns. */
  async function pay<T>(
    id: string,
    key: string | null,
    digest: RequestDigest,
    call: () => Promise<T>,
    keep: (answer: T) => void,
  ): Promise<T> {
    paidCalls.begin(id, key, digest.text, now());
    arm();
    try {
      const answer = await call();
      deps.transaction(() => {
        keep(answer);
        paidCalls.hold(id, JSON.stringify(answer));
        arm();
      });
      return answer;
    } catch (error) {
      if (error instanceof KlingError && error.outcome === 'REFUSED') paidCalls.remove(id);
      else paidCalls.lose(id);
      throw error;
    }
  }

  /** An answer is seen once what it made is claimed. It is kept already: if that fails, its key asks again. */
  async function show<T>(id: string, key: string | null, answer: T, made: readonly Made[]): Promise<T> {
    await owners.claim(made).catch((cause: unknown) => {
      throw notShown(key, cause);
    });
    paidCalls.finish(id);
    return answer;
  }

  /** Synchronous from the last look at the key to the record of the call: of two at once, the second finds the first. */
  async function once<T>(order: Order<T>): Promise<T> {
    const { key, digest, units, check, madeBy } = order;
    const start = (): Promise<T> => {
      const payFor = check();
      afford(units);
      const id = newId();
      return payFor(id).then((answer) => show(id, key, answer, madeBy(answer)));
    };
    if (key === null) return start();
    const known = paidCalls.byKey(key);
    if (known !== null && !(await digest.matches(known.inputDigest))) throw conflict(key);
    const before = paidCalls.byKey(key);
    if (before?.id !== known?.id) return once(order);
    if (before !== null && before.answer !== null) {
      const answer = readOwnJson<T>(before.answer);
      return before.state === 'HELD' ? show(before.id, key, answer, madeBy(answer)) : answer;
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
    async identifyFaces(input, key) {
      const digest = await digestOfFaceScan(input);
      return once<FaceScan>({
        key,
        digest,
        units: FACE_SCAN_UNITS,
        madeBy: madeByScan,
        check() {
          const request = valid(checkIdentifyFacesInput(input));
          const call = async (id: string): Promise<FaceScan> => {
            const result = await kling.identifyFaces(request);
            const createdAtMs = now();
            const { videoId } = request.video;
            const lengthMs = videoId === undefined ? null : sums.madeVideoMs(videoId);
            const known = lengthMs === null ? {} : { videoDurationMs: lengthMs };
            return { ...result, ...known, id, createdAtMs, expiresAtMs: createdAtMs + FACE_SCAN_TTL_MS };
          };
          return (id) =>
            pay(
              id,
              key,
              digest,
              () => call(id),
              (scan) => {
                holdings.keepFaceScan(scan);
                charge(scan, FACE_SCAN_UNITS);
              },
            );
        },
      });
    },

    async synthesizeSpeech(input, key) {
      const digest = await digestOfSpeech(input);
      return once<Speech>({
        key,
        digest,
        units: SPEECH_UNITS,
        madeBy: madeBySpeech,
        check() {
          const request = valid(checkSynthesizeSpeechInput(input));
          return (id) =>
            pay(
              id,
              key,
              digest,
              () => kling.synthesizeSpeech(request),
              (speech) => {
                holdings.keepSpeech(speech, now());
                charge(speech, SPEECH_UNITS);
              },
            );
        },
      });
    },
  };
}

/** A face is named by the gateway's own id. */
const madeByScan = (): readonly Made[] => [];
const madeBySpeech = ({ audioId }: Speech): readonly Made[] => [{ kind: 'AUDIO', id: audioId }];

function conflict(key: string): GatewayError {
  return new GatewayError({
    code: 'CONFLICT',
    message: `The idempotency key "${key}" has been used with another input.`,
    retryable: false,
  });
}

function notShown(key: string | null, cause: unknown): GatewayError {
  const hint = key === null ? 'Without an idempotency key it is lost.' : 'The same idempotency key asks for it again.';
  const message = `It was made and paid for, and cannot be shown now. ${hint}`;
  return new GatewayError({ code: 'UPSTREAM_UNAVAILABLE', message, retryable: key !== null }, { cause });
}

function lost(key: string): GatewayError {
  return new GatewayError({
    code: 'UPSTREAM_UNAVAILABLE',
    message: `The answer to the call with the idempotency key "${key}" was lost, and Kling cannot be asked for it again. It may have been charged. To make the call anew, use another key.`,
    retryable: false,
  });
}
