/** What calls cost, in hundredths of a unit: whole numbers, so that sums stay exact. Source: the vendor's price list (2026-09). */
export const prices = { voice: 5, faceScan: 5, speech: 5 } as const;

/** A lip-sync costs half a unit for every started five seconds of the video. */
export function lipSyncPrice(videoMs: number): number {
  return 50 * Math.ceil(videoMs / 5000);
}

/** Hundredths as Kling writes units: `0.05`, `1.5`, `2`. */
export function toUnits(hundredths: number): string {
  return String(hundredths / 100);
}
