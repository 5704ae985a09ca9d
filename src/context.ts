import type { Ledger, Upstream } from './domain/ports.ts';

/** What a resolver may use. Built once per request; nothing here outlives it. */
export interface GatewayContext {
  /** Also in the answer's `x-request-id` header, in the log line, and in `extensions.requestId` of every error. */
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly ledger: Ledger;
  readonly upstream: Upstream;
}
