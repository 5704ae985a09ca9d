import type { TaskFailureCode } from './failure.ts';
import { VIDEO_MS_MAX } from './placement.ts';
import type { TaskRecord } from './records.ts';
import { type BalanceDeduction, isFinal } from './task.ts';

/** What one unit costs, in US dollars (Kling's price list, 2026-09). */
export const UNIT_PRICE_USD = '0.14';
const CENTS_PER_UNIT = 14;

/** Units for making one voice, one identify-face call, one text-to-speech call (Kling's price list, 2026-09). */
export const VOICE_UNITS = '0.05';
export const FACE_SCAN_UNITS = '0.05';
export const SPEECH_UNITS = '0.05';

/** A lip-sync costs 0.5 units for every 5 seconds of video (Kling's price list, 2026-09). */
const LIP_SYNC_MILLI_UNITS = 500;
const LIP_SYNC_STEP_MS = 5000;

/**
 * What a lip-sync of a video is expected to cost, in units. An estimate: how Kling rounds is not documented, so 5 seconds
 * that have begun are counted as whole. Null, and anything that is no length, counts as the longest video: at most so much.
 */
export function lipSyncUnits(videoDurationMs: number | null): string {
  const known = videoDurationMs !== null && videoDurationMs > 0 && videoDurationMs <= VIDEO_MS_MAX;
  const steps = Math.ceil((known ? videoDurationMs : VIDEO_MS_MAX) / LIP_SYNC_STEP_MS);
  return fromMilliunits(steps * LIP_SYNC_MILLI_UNITS);
}

/** What units cost in US dollars, exactly, without trailing zeros; null when they are not a decimal number of 0 or more. */
export function unitsToUsd(units: string): string | null {
  const milli = toMilliunits(units);
  return milli === null ? null : decimal(milli * CENTS_PER_UNIT, 5);
}

/**
 * Thousandths of a unit: an integer that can be added and compared without error. What is smaller than a thousandth
 * counts as one, so that a sum is never less than what was charged. Null when the text is no decimal number, is
 * negative, or is 1,000,000,000 or more.
 */
export function toMilliunits(amount: string): number | null {
  const match = /^(\d{1,9})(?:\.(\d{1,3})(\d{0,30}))?$/.exec(amount);
  if (match === null) return null;
  const [, whole = '', thousandths = '', rest = ''] = match;
  return Number(whole) * 1000 + Number(thousandths.padEnd(3, '0')) + (/[1-9]/.test(rest) ? 1 : 0);
}

/** What Kling says about a charge, in units, in money, or both. */
export interface Deduction {
  readonly unitsDeducted: string | null;
  readonly balanceDeducted?: BalanceDeduction | null;
}

/**
 * What Kling has told of a charge, in thousandths of a unit; null when it tells nothing. Units and money may be two
 * words for one charge, so the larger counts. Money is counted as dollars at `UNIT_PRICE_USD`, rounded up: Kling names no
 * currency, and one that is worth less counts too much. A balance deduction of 0 alone says nothing: accounts that pay in
 * units are sent it too.
 */
export function toldMilliunits({ unitsDeducted, balanceDeducted }: Deduction): number | null {
  const units = unitsDeducted === null ? null : toMilliunits(unitsDeducted);
  const milliDollars = toMilliunits(balanceDeducted?.quota ?? '0') ?? 0;
  if (units === null && milliDollars === 0) return null;
  return Math.max(units ?? 0, Math.ceil((milliDollars * 100) / CENTS_PER_UNIT));
}

/** Findings of the gateway's about a task that Kling may have finished, and charged. */
const MAY_BE_CHARGED: ReadonlySet<TaskFailureCode> = new Set([
  'DEADLINE_EXCEEDED',
  'CREATE_OUTCOME_UNKNOWN',
  'TASK_LOST_AT_KLING',
  'NO_RESULT',
]);

/**
 * What a task counts for in the tenant's budget, in thousandths of a unit: its estimate until it has ended, then what
 * Kling told. If Kling told nothing, a success and a task of unknown outcome count their estimate. All other failures
 * count 0: one that was not sent or was refused costs nothing.
 *
 * Trade-off: what Kling charges for a task that failed at Kling, and does not tell, is not documented (2026-09). It
 * counts 0, so that a bad day at Kling does not use up a tenant's month.
 */
export function countedMilliunits(record: TaskRecord): number {
  const estimated = record.unitsEstimated === null ? 0 : (toMilliunits(record.unitsEstimated) ?? 0);
  if (!isFinal(record.status)) return estimated;
  const { status, failure } = record;
  const mayBeCharged = status === 'SUCCEEDED' || (failure !== null && MAY_BE_CHARGED.has(failure.code));
  return toldMilliunits(record) ?? (mayBeCharged ? estimated : 0);
}

/** The opposite, without trailing zeros: `500` is `"0.5"`. */
export function fromMilliunits(milliunits: number): string {
  return decimal(milliunits, 3);
}

/** An integer count of 10^-places as a decimal string. */
function decimal(count: number, places: number): string {
  const digits = String(count).padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  const whole = digits.slice(0, -places);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** The calendar month of an instant in UTC, as `2026-11`: what a tenant's units are summed by. */
export function monthOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 7);
}

/** When a month (`2026-11`) is over, in milliseconds since the epoch. */
export function monthAfter(month: string): number {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return Date.UTC(year, number);
}

/**
 * Where a resource pack stands. `PENDING`: bought, not yet in effect. `USED_UP`: nothing remains. `UNRECOGNIZED`: Kling
 * named a state that this gateway does not know.
 */
export const RESOURCE_PACK_STATUSES = ['PENDING', 'ACTIVE', 'USED_UP', 'EXPIRED', 'UNRECOGNIZED'] as const;
export type ResourcePackStatus = (typeof RESOURCE_PACK_STATUSES)[number];

/** Units bought in advance by the account at Kling, of which every task takes its share. */
export interface ResourcePack {
  readonly packId: string;
  readonly name: string;
  /** Kling's `resource_pack_type`, such as `decreasing_total`; null when not sent. */
  readonly klingType: string | null;
  /** Units, as decimal strings; null when not sent. What remains is up to 12 hours late. */
  readonly totalUnits: string | null;
  readonly remainingUnits: string | null;
  /** Milliseconds since the epoch; null when not sent. */
  readonly purchasedAtMs: number | null;
  readonly effectiveAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly status: ResourcePackStatus;
  /** Kling's own word for the status. */
  readonly klingStatus: string;
}

/** The packs whose purchase falls between two instants, in milliseconds since the epoch. */
export interface ResourcePackRequest {
  readonly startMs: number;
  readonly endMs: number;
}
