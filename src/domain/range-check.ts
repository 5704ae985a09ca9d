import type { Checked, Path } from './check.ts';

/** Both ends are allowed; `fallback` stands for a value that was not given. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** A number within a range, or the range's fallback when it is null or missing. NaN and the infinities are refused. */
export function checkRange(value: number | null | undefined, range: Range, path: Path): Checked<number> {
  if (value === null || value === undefined) return { ok: true, value: range.fallback };
  if (value >= range.min && value <= range.max) return { ok: true, value };
  return { ok: false, issues: [{ path, message: `must be from ${range.min} to ${range.max}, was ${value}` }] };
}
