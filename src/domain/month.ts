/** The calendar month of an instant in UTC, as `2026-11`: what a tenant's units are summed by. */
export function monthOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 7);
}
