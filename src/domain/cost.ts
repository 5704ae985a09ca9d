import { mayBeCharged } from './failure.ts';
import { VIDEO_MS_MAX } from './placement.ts';
import type { TaskRecord } from './records.ts';
import { type BalanceDeduction, isFinal } from './task.ts';

/** The price of a unit in US dollars (Kling's price list, 2026-09). */
export const UNIT_PRICE_USD = '0.14';
const CENTS_PER_UNIT = 14;

/** The units of a voice creation, a face scan and a text-to-speech call (Kling's price list, 2026-09). */
export const VOICE_UNITS = '0.05';
export const FACE_SCAN_UNITS = '0.05';
export const SPEECH_UNITS = '0.05';

/** A lip-sync costs 0.5 units for every 5 seconds of video (Kling's price list, 2026-09). */
const LIP_SYNC_MILLI_UNITS = 500;
const LIP_SYNC_STEP_MS = 5000;

/**
 * Estimates the units of a lip-sync, in thousandths. Kling does not document how it rounds, so each started 5 s count in
 * full. Null and invalid lengths count as the longest video.
 */
export function lipSyncMilliunits(videoDurationMs: number | null): number {
  const known = videoDurationMs !== null && videoDurationMs > 0 && videoDurationMs <= VIDEO_MS_MAX;
  const steps = Math.ceil((known ? videoDurationMs : VIDEO_MS_MAX) / LIP_SYNC_STEP_MS);
  return steps * LIP_SYNC_MILLI_UNITS;
}

/** Estimates the units of a lip-sync as `lipSyncMilliunits` does. */
export function lipSyncUnits(videoDurationMs: number | null): string {
  return fromMilliunits(lipSyncMilliunits(videoDurationMs));
}

/** Converts thousandths of a unit to US dollars, exactly and without trailing zeros. */
export function milliunitsToUsd(milliunits: number): string {
  return decimal(milliunits * CENTS_PER_UNIT, 5);
}

/**
 * Converts units to an integer of thousandths, so that sums are exact. Rounds up, so that a sum is never less than the charge.
 * Returns null for anything but a decimal number from 0 to less than 1,000,000,000.
 */
export function toMilliunits(amount: string): number | null {
  const match = /^(\d{1,9})(?:\.(\d{1,3})(\d{0,30}))?$/.exec(amount);
  if (match === null) return null;
  const [, whole = '', thousandths = '', rest = ''] = match;
  return Number(whole) * 1000 + Number(thousandths.padEnd(3, '0')) + (/[1-9]/.test(rest) ? 1 : 0);
}

/** As `toMilliunits`, but rounds down, so that a limit is never more than what was given. */
export function toMilliunitsMax(amount: string): number | null {
  const [whole = '', fraction = ''] = amount.split('.');
  if (toMilliunits(amount) === null || fraction === '') return toMilliunits(amount);
  return toMilliunits(`${whole}.${fraction.slice(0, 3)}`);
}

/** A charge as Kling reports it: in units, in money, or both. */
export interface Deduction {
  readonly unitsDeducted: string | null;
  readonly balanceDeducted?: BalanceDeduction | null;
}

/**
 * Returns a reported charge in thousandths of a unit; null if Kling reported none. Units and money may state the same charge,
 * so the larger one counts. A balance deduction of 0 alone is no report, because accounts that pay in units get it too.
 *
 * Trade-off: Kling names no currency. Money counts as dollars at `UNIT_PRICE_USD`, rounded up, so a weaker currency counts
 * too much.
 */
export function reportedMilliunits({ unitsDeducted, balanceDeducted }: Deduction): number | null {
  const units = unitsDeducted === null ? null : toMilliunits(unitsDeducted);
  const milliDollars = toMilliunits(balanceDeducted?.quota ?? '0') ?? 0;
  if (units === null && milliDollars === 0) return null;
  return Math.max(units ?? 0, Math.ceil((milliDollars * 100) / CENTS_PER_UNIT));
}

/**
 * Returns the share of a task in the tenant's budget, in thousandths of a unit. A running task counts its estimate, a final
 * one the charge that Kling reported. Without a report, a success or an unknown outcome counts the estimate, a failure 0.
 *
 * Trade-off: Kling does not document what it charges for a failed task without reporting it (2026-09). It counts 0, so that
 * an outage of Kling does not use up a tenant's budget.
 */
export function countedMilliunits(record: TaskRecord): number {
  const estimated = record.unitsEstimated === null ? 0 : (toMilliunits(record.unitsEstimated) ?? 0);
  if (!isFinal(record.status)) return estimated + unpaidMilliunits(record);
  const { status, failure } = record;
  // A scan or a speech of unknown outcome counts as a call without an answer, and the lip-sync was never sent.
  const wasSent = failure?.code !== 'STAGE_OUTCOME_UNKNOWN';
  const countsEstimate = status === 'SUCCEEDED' || (failure !== null && mayBeCharged(failure) && wasSent);
  return reportedMilliunits(record) ?? (countsEstimate ? estimated : 0);
}

/** Returns the expected cost of the steps that are not paid yet. A paid step counts in the month. */
function unpaidMilliunits(record: TaskRecord): number {
  const costs = record.kind === 'LIP_SYNC' ? (record.preparation ?? []) : [];
  const unpaid = costs.filter(({ isPaid }) => !isPaid);
  return unpaid.reduce((sum, { unitsEstimated }) => sum + (toMilliunits(unitsEstimated) ?? 0), 0);
}

/** Adds amounts of units exactly. Null if all are null. */
export function sumOfUnits(amounts: readonly (string | null)[]): string | null {
  const known = amounts.filter((amount) => amount !== null);
  if (known.length === 0) return null;
  return fromMilliunits(known.reduce((sum, amount) => sum + (toMilliunits(amount) ?? 0), 0));
}

/** Converts thousandths to units, without trailing zeros: `500` is `"0.5"`. */
export function fromMilliunits(milliunits: number): string {
  return decimal(milliunits, 3);
}

/** Writes an integer count of 10^-places as a decimal string. */
function decimal(count: number, places: number): string {
  const digits = String(count).padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  const whole = digits.slice(0, -places);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Returns the calendar month of an instant in UTC, such as `2026-11`. The units of a tenant are summed by month. */
export function monthOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 7);
}

/** Returns the end of a month, such as `2026-11`, in milliseconds since the epoch. */
export function monthAfter(month: string): number {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return Date.UTC(year, number);
}

/** Units that the account at Kling bought in advance. */
export interface ResourcePack {
  readonly packId: string;
  readonly name: string;
  /** Kling's `resource_pack_type`, such as `decreasing_total`; null if not sent. */
  readonly klingType: string | null;
  /** Units as decimal strings; null if not sent. `remainingUnits` is up to 12 hours old. */
  readonly totalUnits: string | null;
  readonly remainingUnits: string | null;
  /** In milliseconds since the epoch; null if not sent. */
  readonly purchasedAtMs: number | null;
  readonly effectiveAtMs: number | null;
  readonly expiresAtMs: number | null;
  /** Kling's word for the status, such as `online`. */
  readonly klingStatus: string;
}

/** A query for the packs bought between two instants, in milliseconds since the epoch. */
export interface ResourcePackRequest {
  readonly startMs: number;
  readonly endMs: number;
}
