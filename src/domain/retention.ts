/** How long Kling keeps what a task made (videos, trial sounds): 30 days (lip-sync page, 2026-09). In milliseconds. */
export const RESULT_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** How long an identify-face session can be used: 24 hours (Kling's older lip-sync page). In milliseconds. */
export const FACE_SCAN_TTL_MS = 24 * 60 * 60 * 1000;

/** When Kling deletes a task's results, counted from when it became final; all in milliseconds since the epoch. */
export function resultExpiresAtMs(finalAtMs: number): number {
  return finalAtMs + RESULT_RETENTION_MS;
}
