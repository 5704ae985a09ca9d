import type { Body } from './endpoints/fields.ts';
import type { KlingFailure } from './envelope.ts';
import type { Source } from './media/source.ts';
import type { Outbox } from './outbox.ts';
import type { Scenarios } from './scenarios.ts';
import type { Settings } from './settings.ts';
import type { CallbackStore } from './store/callback-store.ts';
import type { LateStore } from './store/late-store.ts';
import type { PaidCallStore } from './store/paid-call-store.ts';
import type { RecordStore } from './store/record-store.ts';
import type { TaskStore } from './store/task-store.ts';
import type { ThingStore } from './store/thing-store.ts';

/** The state of one account, for the code that answers its calls. */
export interface AccountContext {
  readonly key: string;
  readonly settings: Settings;
  readonly tasks: TaskStore;
  readonly things: ThingStore;
  readonly callbacks: CallbackStore;
  readonly record: RecordStore;
  readonly late: LateStore;
  readonly paidCalls: PaidCallStore;
  readonly outbox: Outbox;
  /** Returns true with this probability. Draws from the account's seeded generator, so that a run can be repeated. */
  readonly chance: (probability: number) => boolean;
}

/** One well-formed, authorized call of the API. */
export interface Call {
  /** The id in the path. Empty for a route without an id. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: Body;
  /** The origin of the call. URLs of results start with it. */
  readonly origin: string;
  readonly credential: 'jwt' | 'api-key';
  readonly scenarios: Scenarios;
  readonly source: Source;
  readonly now: number;
}

/** The result of a call. Without `data`, the envelope has no `data` either. */
export interface Outcome {
  readonly data?: unknown;
  readonly taskId?: string;
  /** Whether ids are written as unquoted numbers. */
  readonly numberIds?: boolean;
}

/** Answers the calls of one route. Throws a `KlingFailure` to refuse one. */
export type Handler = (call: Call, account: AccountContext) => Outcome;

/** A refusal that can be sent from the Worker to the object. */
export type Refusal = Pick<KlingFailure, 'code' | 'message'>;
