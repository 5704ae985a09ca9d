import { afterExchange, CLOSED_BREAKER, tryPass, type Breaker } from '../lib/circuit-breaker.ts';

/** Exchanges in a row that fail with a fault of Kling's before Kling counts as down; and for how long. */
const BREAKER = { failuresMax: 10, openMs: 15_000 } as const;

/** Before the name of a tenant whose ledger knows that Kling is down. */
const DOWN = 'down:';

/** Whether Kling is well. That it is down survives the object; failures in a row do not, so a restart gives Kling ten more. */
export interface Health {
  readonly state: () => Breaker['state'];
  /** While Kling is down: when the next probe may go, in milliseconds since the epoch. */
  readonly untilMs: () => number;
  /** Whether something may go to Kling now. While Kling is down, that is one probe at a time. */
  readonly pass: (nowMs: number) => boolean;
  /** Takes in how an exchange ended; says whether Kling has become well by it. */
  readonly hear: (failed: boolean, nowMs: number) => boolean;
  /** Until when a tenant's ledger should leave Kling alone; 0 while Kling is well. */
  readonly downUntilMs: (tenant: string) => number;
  /** The tenants that were given another answer than 0 since the last call: their ledgers wait for Kling. */
  readonly takeWaiting: () => readonly string[];
}

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
      // An exchange that was under way when the breaker opened says nothing new.
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
