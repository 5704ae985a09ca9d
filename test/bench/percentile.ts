/** Returns the value that `part` of the sorted values do not exceed. Returns NaN for an empty list. */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
