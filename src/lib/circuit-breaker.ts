/**
 * A circuit breaker as plain data and pure steps. `CLOSED` lets everything through and counts failures in a row; `OPEN`
 * lets nothing through until its time is up; then one probe may go (`PROBING`), whose outcome closes or opens it again.
 */
export interface Breaker {
  readonly state: 'CLOSED' | 'OPEN' | 'PROBING';
  readonly failuresInRow: number;
  /** When a probe may go, in milliseconds since the epoch; means something only while `OPEN`, and while `PROBING` when the probe counts as lost. */
  readonly untilMs: number;
}

export interface BreakerLimits {
  readonly failuresMax: number;
  readonly openMs: number;
}

export const CLOSED_BREAKER: Breaker = { state: 'CLOSED', failuresInRow: 0, untilMs: 0 };

/** Asks whether something may go through now. The breaker that comes back is the one to keep. */
export function tryPass(breaker: Breaker, nowMs: number, { openMs }: BreakerLimits): { pass: boolean; next: Breaker } {
  if (breaker.state === 'CLOSED') return { pass: true, next: breaker };
  if (nowMs < breaker.untilMs) return { pass: false, next: breaker };
  return { pass: true, next: { ...breaker, state: 'PROBING', untilMs: nowMs + openMs } };
}

/** Takes in how an exchange ended. */
export function afterExchange(breaker: Breaker, failed: boolean, nowMs: number, limits: BreakerLimits): Breaker {
  if (!failed) return CLOSED_BREAKER;
  const failuresInRow = breaker.failuresInRow + 1;
  const opens = breaker.state === 'PROBING' || failuresInRow >= limits.failuresMax;
  if (!opens) return { ...breaker, failuresInRow };
  return { state: 'OPEN', failuresInRow, untilMs: nowMs + limits.openMs };
}
