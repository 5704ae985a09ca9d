/**
 * A circuit breaker as plain data. `CLOSED` passes everything and counts consecutive failures. `OPEN` passes nothing until
 * `untilMs`. Then one probe passes (`PROBING`), and its outcome closes the breaker or opens it again.
 */
export interface Breaker {
  readonly state: 'CLOSED' | 'OPEN' | 'PROBING';
  readonly failuresInRow: number;
  /** While `OPEN`, when a probe may pass; while `PROBING`, when the probe counts as lost. In milliseconds since the epoch. */
  readonly untilMs: number;
}

export interface BreakerLimits {
  readonly failuresMax: number;
  readonly openMs: number;
}

export const CLOSED_BREAKER: Breaker = { state: 'CLOSED', failuresInRow: 0, untilMs: 0 };

/** Returns whether a call may pass now, and the breaker to keep. */
export function tryPass(breaker: Breaker, nowMs: number, { openMs }: BreakerLimits): { pass: boolean; next: Breaker } {
  if (breaker.state === 'CLOSED') return { pass: true, next: breaker };
  if (nowMs < breaker.untilMs) return { pass: false, next: breaker };
  return { pass: true, next: { ...breaker, state: 'PROBING', untilMs: nowMs + openMs } };
}

/** Returns the breaker after an exchange. */
export function afterExchange(breaker: Breaker, failed: boolean, nowMs: number, limits: BreakerLimits): Breaker {
  if (!failed) return CLOSED_BREAKER;
  const failuresInRow = breaker.failuresInRow + 1;
  const opens = breaker.state === 'PROBING' || failuresInRow >= limits.failuresMax;
  if (!opens) return { ...breaker, failuresInRow };
  return { state: 'OPEN', failuresInRow, untilMs: nowMs + limits.openMs };
}
