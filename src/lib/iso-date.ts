const HOUR_MS = 3_600_000;
const HOURS_MAX = 1_000;
/** The last instant that a `Date` can hold. */
const EPOCH_MS_MAX = 8.64e15;

/** `2026-09-01T12:` of an hour, counted from the epoch. */
const hours = new Map<number, string>();
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
const THREE_DIGITS = Array.from({ length: 1_000 }, (_, number) => String(number).padStart(3, '0'));

/** As `Date.prototype.toISOString`, and with its errors, in a third of its time where many lie near one another: as in lists. */
export function toIsoDate(epochMs: number): string {
  const hour = Math.floor(epochMs / HOUR_MS);
  const ms = epochMs - hour * HOUR_MS;
  if (!Number.isInteger(epochMs) || Math.abs(epochMs) > EPOCH_MS_MAX) return new Date(epochMs).toISOString();
  const minute = TWO_DIGITS[Math.floor(ms / 60_000)] ?? '';
  const second = TWO_DIGITS[Math.floor(ms / 1_000) % 60] ?? '';
  return `${hours.get(hour) ?? remember(hour)}${minute}:${second}.${THREE_DIGITS[ms % 1_000] ?? ''}Z`;
}

function remember(hour: number): string {
  const date = new Date(hour * HOUR_MS);
  const start = date.toISOString().replace('00:00.000Z', '');
  if (hours.size >= HOURS_MAX) hours.clear();
  hours.set(hour, start);
  return start;
}
