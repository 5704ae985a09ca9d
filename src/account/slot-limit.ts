import { type Backoff, backoffMs } from '../lib/backoff.ts';

/** The limit of slots learned from a refusal for too many tasks (1303). */
export interface SlotLimit {
  /** The slots in use without the refused task, at least 1. */
  readonly slots: number;
  /** The limit doubles in every quiet minute up to this number, then grows by 1. */
  readonly threshold: number;
  /** The most slots in use at a refusal since the last quiet minute, the refused task included. */
  readonly refused: number;
  /** The instant of the last refusal, in milliseconds since the epoch. */
  readonly refusedAtMs: number;
}

/** The time without a 1303 after which a higher limit is tried. */
const QUIET_MS = 60_000;

/** The pause after a refusal, in which no task is sent. It doubles with every further refusal. */
const PAUSE: Backoff = { baseMs: 1_000, capMs: 30_000, jitter: 'NONE' };

/** Returns the limit after a 1303. `inUse` is the slots in use without the refused task. Tasks refused together count once. */
export function afterRefusal(before: SlotLimit | null, inUse: number, nowMs: number): SlotLimit {
  const isSame = before !== null && nowMs - before.refusedAtMs < QUIET_MS;
  const refused = Math.max(inUse + 1, isSame ? before.refused : 0);
  return { slots: Math.max(1, inUse), threshold: Math.floor(refused / 2), refused, refusedAtMs: nowMs };
}

/**
 * Returns the limit to try now, at most `configured`, by TCP's slow start: it doubles in every quiet minute up to half of
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

/** The limits learned from Kling's refusals for its rate (1302) and its slots (1303). They survive eviction. */
export interface Throttle {
  /** Returns the end of the current pause, in milliseconds since the epoch. */
  readonly pausedUntilMs: () => number;
  /** Records a refusal. `inUse` is the slots in use without the refused task. */
  readonly refused: (klingCode: number, inUse: number, nowMs: number) => void;
  /** Records that Kling took a task: the next pause is short again. */
  readonly accepted: () => void;
  readonly slotsMax: (nowMs: number, configured: number) => number;
  /** Returns when `slotsMax` may grow next; 0 if Kling has refused nothing. */
  readonly growsAtMs: (nowMs: number) => number;
}

/** Reads and writes what it has learned in `kv`. */
export function createThrottle(kv: SyncKvStorage): Throttle {
  const limit = (): SlotLimit | null => kv.get<SlotLimit>('slotLimit') ?? null;
  const pausedUntilMs = (): number => kv.get<number>('pausedUntil') ?? 0;

  return {
    pausedUntilMs,
    refused(klingCode, inUse, nowMs) {
      // A task that was under way when the pause began belongs to the same refusal.
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
