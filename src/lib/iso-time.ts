const DAY_MS = 86_400_000;

const ZERO = 48;
const DASH = 45;
const T = 84;
const COLON = 58;
const POINT = 46;
const Z = 90;

/**
 * Creates a function that writes instants as `Date.prototype.toISOString` does, and throws its `RangeError` for an invalid
 * one. Caches the date of the last instant. See "Instants are written by hand" in docs/decisions.md.
 */
export function createIsoTime(): (epochMs: number) => string {
  let lastDay = Number.NaN;
  let century = 0;
  let year = 0;
  let month = 0;
  let date = 0;
  return (epochMs) => {
    const day = Math.floor(epochMs / DAY_MS);
    if (day !== lastDay || !Number.isInteger(epochMs)) {
      const at = new Date(epochMs);
      const fullYear = at.getUTCFullYear();
      // A year that has not four digits, or an invalid instant.
      if (!(fullYear >= 0 && fullYear <= 9999) || !Number.isInteger(epochMs)) return at.toISOString();
      lastDay = day;
      century = Math.floor(fullYear / 100);
      year = fullYear % 100;
      month = at.getUTCMonth() + 1;
      date = at.getUTCDate();
    }
    // oxlint-disable-next-line unicorn/prefer-math-trunc -- it makes the rest arithmetic of integers
    const ms = (epochMs - day * DAY_MS) | 0;
    const seconds = Math.floor(ms / 1000);
    const minutes = Math.floor(seconds / 60);
    const hour = Math.floor(minutes / 60);
    const minute = minutes % 60;
    const second = seconds % 60;
    const milli = ms % 1000;
    // oxfmt-ignore
    return String.fromCharCode(
      tens(century), units(century), tens(year), units(year), DASH,
      tens(month), units(month), DASH, tens(date), units(date), T,
      tens(hour), units(hour), COLON, tens(minute), units(minute), COLON, tens(second), units(second), POINT,
      ZERO + Math.floor(milli / 100), units(Math.floor(milli / 10)), units(milli), Z,
    );
  };
}

const INSTANT = /^(\d{4}-\d\d-(\d\d))T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Parses an instant of RFC 3339, in milliseconds since the epoch. Digits after the milliseconds are ignored. Returns null for
 * any other text, also for one without an offset from UTC.
 */
export function parseIsoTime(text: string): number | null {
  const [, date = '', day] = INSTANT.exec(text) ?? [];
  const epochMs = Date.parse(text);
  if (day === undefined || Number.isNaN(epochMs)) return null;
  // `Date.parse` takes the 30th of February for a day in March.
  return new Date(date).getUTCDate() === Number(day) ? epochMs : null;
}

function tens(n: number): number {
  return ZERO + Math.floor(n / 10);
}

function units(n: number): number {
  return ZERO + (n % 10);
}
