export interface Quartiles {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

export function withQuartiles({ q1, median, q3 }: Quartiles): string {
  return `${median.toFixed(1)} [${q1.toFixed(1)}-${q3.toFixed(1)}]`;
}

export function quartiles(values: readonly number[]): Quartiles {
  const sorted = values.toSorted((a, b) => a - b);
  return { q1: at(sorted, 0.25), median: at(sorted, 0.5), q3: at(sorted, 0.75) };
}

/** Interpolates between two values. */
function at(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
