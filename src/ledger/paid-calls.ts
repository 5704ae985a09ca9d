import { FACE_SCAN_TTL_MS } from '../domain/expiry.ts';
import { FACE_SCAN_UNITS, SPEECH_UNITS, toMilliunits } from '../domain/cost.ts';
import { monthOf } from '../domain/month.ts';
import type { Made } from '../domain/made.ts';
import type { FaceScan } from '../domain/records.ts';
import type { FaceScanRequest, SpeechRequest } from '../domain/requests.ts';
import type { Speech } from '../domain/voice.ts';
import { GatewayError } from '../errors.ts';
import { KlingError } from '../kling/kling-error.ts';
import { createAfford } from './budget.ts';
import type { LedgerDeps } from './deps.ts';
import { digestOf } from './digest.ts';
import { readOwnJson } from '../lib/own-json.ts';

/** Calls that Kling charges at once and cannot be asked about later. */
export interface PaidCalls {
  /** With an idempotency key that has been used for the same input, the first answer comes again, and nothing is charged. */
  identifyFaces(request: FaceScanRequest, idempotencyKey: string | null): Promise<FaceScan>;
  synthesizeSpeech(request: SpeechRequest, idempotencyKey: string | null): Promise<Speech>;
}

export function createPaidCalls(deps: LedgerDeps): PaidCalls {
  const { paidCalls, holdings, kling, owners, now, newId } = deps;
  const afford = createAfford(deps);
  /** Those under way in this object, by key: a second asker waits for the first one's answer. */
  const running = new Map<string, Promise<unknown>>();

  function charge(units: string): void {
    const milliunits = toMilliunits(units) ?? 0;
    if (milliunits > 0) holdings.addMilliunits(monthOf(now()), milliunits);
  }

  /** Calls Kling once, and keeps the answer together with what follows from it. Nobody has seen it when it returns. */
  async function pay<T>(
    id: string,
    key: string | null,
    digest: string,
    call: () => Promise<T>,
    keep: (answer: T) => void,
  ): Promise<T> {
    paidCalls.begin(id, key, digest, now());
    try {
      const answer = await call();
      deps.transaction(() => {
        keep(answer);
        paidCalls.hold(id, JSON.stringify(answer));
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

  async function once<T>(
    key: string | null,
    digest: string,
    units: string,
    madeBy: (answer: T) => readonly Made[],
    payFor: (id: string) => Promise<T>,
  ): Promise<T> {
    const work = async (id: string): Promise<T> => {
      const answer = await payFor(id);
      return show(id, key, answer, madeBy(answer));
    };
    if (key === null) {
      afford(units);
      return work(newId());
    }
    const before = paidCalls.byKey(key);
    if (before !== null && before.inputDigest !== digest) throw conflict(key);
    if (before !== null && before.answer !== null) {
      const answer = readOwnJson<T>(before.answer);
      return before.state === 'HELD' ? show(before.id, key, answer, madeBy(answer)) : answer;
    }
    const same = running.get(key);
    if (same) {
      await same;
      return once(key, digest, units, madeBy, payFor);
    }
    if (before !== null) throw lost(key);
    afford(units);
    const started = work(newId()).finally(() => running.delete(key));
    running.set(key, started);
    return started;
  }

  return {
    async identifyFaces(request, key) {
      const digest = await digestOf({ call: 'identifyFaces', request });
      return once<FaceScan>(key, digest, FACE_SCAN_UNITS, madeByScan, (id) =>
        pay(
          id,
          key,
          digest,
          async () => {
            const result = await kling.identifyFaces(request);
            const createdAtMs = now();
            return { ...result, id, createdAtMs, expiresAtMs: createdAtMs + FACE_SCAN_TTL_MS };
          },
          (scan) => {
            holdings.keepFaceScan(scan);
            // Kling may leave the charge out of its answer.
            charge(scan.unitsDeducted ?? FACE_SCAN_UNITS);
          },
        ),
      );
    },

    async synthesizeSpeech(request, key) {
      const digest = await digestOf({ call: 'synthesizeSpeech', request });
      return once<Speech>(key, digest, SPEECH_UNITS, madeBySpeech, (id) =>
        pay(
          id,
          key,
          digest,
          () => kling.synthesizeSpeech(request),
          (speech) => {
            holdings.keepSpeech(speech);
            charge(speech.unitsDeducted ?? SPEECH_UNITS);
          },
        ),
      );
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
