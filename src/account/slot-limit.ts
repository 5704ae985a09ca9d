import { type Backoff, backoffMs } from '../lib/backoff.ts';

/** What is known of the account's number of slots since Kling refused a task for want of one (1303). */
export interface SlotLimit {
  /** The slots that were in use without the refused task, at least 1. */
  readonly slots: number;
  /** Up to here the number doubles in every quiet minute; from here on it grows by 1. */
  readonly threshold: number;
  /** The most slots that were in use, the refused task's included, at a refusal since the last quiet minute. */
  readonly refused: number;
  /** When Kling refused last, in milliseconds since the epoch. */
  readonly refusedAtMs: number;
}

/** A minute without a 1303 is quiet: a higher number may be tried. */
const QUIET_MS = 60_000;

/** After a refusal nothing new is sent for this long, doubling with every further one up to the maximum. */
const PAUSE: Backoff = { baseMs: 1_000, capMs: 30_000, jitter: 'NONE' };

/** Takes in a 1303. `inUse`: the slots that are in use without the refused task. Many tasks refused together are one refusal. */
export function afterRefusal(before: SlotLimit | null, inUse: number, nowMs: number): SlotLimit {
  const isSame = before !== null && nowMs - before.refusedAtMs < QUIET_MS;
  const refused = Math.max(inUse + 1, isSame ? before.refused : 0);
  return { slots: Math.max(1, inUse), threshold: Math.floor(refused / 2), refused, refusedAtMs: nowMs };
}

/**
 * The number of slots to try now, at most `configured`: TCP's slow start. It doubles in every quiet minute up to half of
 * the last refused number, then grows by 1. Source: RFC 5681, section 3.1.
 */
export function slotsAt(limit: SlotLimit | null, nowMs: number, configured: number): number {
  if (limit === null) return configured;
  const { threshold } = limit;
  let { slots } = limit;
  let minutes = Math.max(0, Math.floor((nowMs - limit.refusedAtMs) / QUIET_MS));
  for (; minutes > 0 && slots < threshold; minutes -= 1) slots = Math.min(slots * 2, threshold);
  return Math.min(slots + minutes, configured);
}

/** What Kling's refusals for now (1302: rate; 1303: slots) have taught. Survives the object. */
export interface Throttle {
  /** Nothing is sent before this, in milliseconds since the epoch. */
  readonly pausedUntilMs: () => number;
  /** `inUse`: the slots that are in use without the refused task. */
  readonly refused: (klingCode: number, inUse: number, nowMs: number) => void;
  /** Kling took a task: the next pause is a short one. */
  readonly accepted: () => void;
  readonly slotsMax: (nowMs: number, configured: number) => number;
  /** When `slotsMax` may be higher; 0 where nothing has been learned. */
  readonly growsAtMs: (nowMs: number) => number;
}

export function createThrottle(kv: SyncKvStorage): Throttle {
  const limit = (): SlotLimit | null => kv.get<SlotLimit>('slotLimit') ?? null;
  const pausedUntilMs = (): number => kv.get<number>('pausedUntil') ?? 0;

  return {
    pausedUntilMs,
    refused(klingCode, inUse, nowMs) {
      // What was under way when the pause began is of the same refusal, not a further one.
      if (nowMs >= pausedUntilMs()) {
        const refusals = (kv.get<number>('refusals') ?? 0) + 1;
        kv.put('refusals', refusals);
        kv.put('pausedUntil', nowMs + backoffMs(refusals, PAUSE, Math.random));
      }
      if (klingCode === 1303) kv.put('slotLimit', afterRefusal(limit(), inUse, nowMs));
    },
    accepted() {
      if ((kv.get<number>('refusals') ?? 0) > 0) kv.put('refusals', 0);
    },
    slotsMax: (nowMs, configured) => slotsAt(limit(), nowMs, configured),
    growsAtMs(nowMs) {
      const learned = limit();
      return learned === null ? 0 : nowMs + QUIET_MS - (Math.max(0, nowMs - learned.refusedAtMs) % QUIET_MS);
    },
  };
}
