/** The time that Kling keeps the results of a task: 30 days, in milliseconds (Kling docs, lip-sync page, 2026-09). */
export const RESULT_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** The lifetime of an identify-face session: 24 hours, in milliseconds (Kling's older lip-sync page). */
export const FACE_SCAN_TTL_MS = 24 * 60 * 60 * 1000;

/** Returns when Kling deletes the results of a task, in milliseconds since the epoch. */
export function resultExpiresAtMs(finalAtMs: number): number {
  return finalAtMs + RESULT_RETENTION_MS;
}
