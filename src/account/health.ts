/** The consecutive faults of Kling's after which Kling counts as down, and for how long. */
const BREAKER = { failuresMax: 10, openMs: 15_000 } as const;

/** The key prefix of the tenants whose ledgers know that Kling is down. */
const DOWN = 'down:';

/** The state of the account, as `/ready` shows it to operators. */
export interface AccountStatus {
  readonly breaker: Breaker['state'];
  readonly slotsHeld: number;
  readonly slotsMax: number;
  readonly waiting: number;
}

/** The health of Kling. An open breaker survives eviction of the object. A count of consecutive faults does not. */
export interface Health {
  readonly state: () => Breaker['state'];
  /** Returns when the next probe may be sent while Kling is down, in milliseconds since the epoch. */
  readonly untilMs: () => number;
  /** Returns whether a request may be sent to Kling now. While Kling is down, one probe at a time may. */
  readonly pass: (nowMs: number) => boolean;
  /** Records how an exchange ended. Returns true if Kling has recovered by it. */
  readonly hear: (failed: boolean, nowMs: number) => boolean;
  /** Returns until when a tenant's ledger should send Kling nothing; 0 while Kling is healthy. Remembers that it was told. */
  readonly downUntilMs: (tenant: string) => number;
  /** Returns the tenants whose ledgers wait for Kling: those that `downUntilMs` told so since the last call. */
  readonly takeWaiting: () => readonly string[];
}

/** Reads the stored breaker. Build it once per object. */
export function createHealth(kv: SyncKvStorage): Health {
  let breaker = kv.get<Breaker>('breaker') ?? CLOSED_BREAKER;

  function set(next: Breaker): void {
    if (next.state !== 'CLOSED') kv.put('breaker', next);
    else if (breaker.state !== 'CLOSED') kv.delete('breaker');
    breaker = next;
  }

  return {
    state: () => breaker.state,
    untilMs: () => breaker.untilMs,
    pass(nowMs) {
      const { pass, next } = tryPass(breaker, nowMs, BREAKER);
      if (next !== breaker) set(next);
      return pass;
    },
    hear(failed, nowMs) {
      // This exchange was under way when the breaker opened, so its fault is not a new one.
      if (failed && breaker.state === 'OPEN' && nowMs < breaker.untilMs) return false;
      const wasDown = breaker.state !== 'CLOSED';
      set(afterExchange(breaker, failed, nowMs, BREAKER));
      return wasDown && breaker.state === 'CLOSED';
    },
    downUntilMs(tenant) {
      if (breaker.state === 'CLOSED') return 0;
      kv.put(DOWN + tenant, true);
      return breaker.untilMs;
    },
    takeWaiting() {
      const keys = [...kv.list({ prefix: DOWN })].map(([key]) => key);
      for (const key of keys) kv.delete(key);
      return keys.map((key) => key.slice(DOWN.length));
    },
  };
}

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

interface BreakerLimits {
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
