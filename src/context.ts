import type { Ledger, Upstream } from './domain/ports.ts';
import type { Viewer } from './domain/viewer.ts';

/** What a resolver may use. Built once per request; nothing here outlives it. */
export interface GatewayContext {
  /** Also in the answer's `x-request-id` header, in the log line, and in `extensions.requestId` of every error. */
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly viewer: Viewer;
  /** Of the viewer's tenant, as far as the viewer's scopes reach. */
  readonly ledger: Ledger;
  readonly upstream: Upstream;
}
