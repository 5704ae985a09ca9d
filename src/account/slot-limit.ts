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
