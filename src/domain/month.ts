/** The calendar month of an instant in UTC, as `2026-11`: what a tenant's units are summed by. */
export function monthOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 7);
}

/** When a month (`2026-11`) is over, in milliseconds since the epoch. */
export function monthAfter(month: string): number {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return Date.UTC(year, number);
}
