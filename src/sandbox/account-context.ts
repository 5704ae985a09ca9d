import type { Body } from './endpoints/fields.ts';
import type { KlingFailure } from './envelope.ts';
import type { Outbox } from './outbox.ts';
import type { Scenarios } from './scenarios.ts';
import type { Settings } from './settings.ts';
import type { CallbackStore } from './store/callback-store.ts';
import type { LateStore } from './store/late-store.ts';
import type { RecordStore } from './store/record-store.ts';
import type { TaskStore } from './store/task-store.ts';
import type { ThingStore } from './store/thing-store.ts';

/** Everything one account has, for the code that answers its calls. */
export interface AccountContext {
  readonly key: string;
  readonly settings: Settings;
  readonly tasks: TaskStore;
  readonly things: ThingStore;
  readonly callbacks: CallbackStore;
  readonly record: RecordStore;
  readonly late: LateStore;
  readonly outbox: Outbox;
  /** Throws a die that comes up with the probability; repeatable from the account's seed. */
  readonly chance: (probability: number) => boolean;
}

/** One call of the API, found to be well-formed and allowed. */
export interface Call {
  /** The id in the path, '' where the route has none. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: Body;
  /** The origin the call came in on: result URLs start with it. */
  readonly origin: string;
  readonly credential: 'jwt' | 'api-key';
  readonly scenarios: Scenarios;
  readonly now: number;
}

/** What a call came to. Without `data` the envelope has none. */
export interface Outcome {
  readonly data?: unknown;
  readonly taskId?: string;
  /** Ids go out as unquoted numbers. */
  readonly numberIds?: boolean;
}

/** Answers one route. Refusals are thrown as `KlingFailure`. */
export type Handler = (call: Call, account: AccountContext) => Outcome;

/** A refusal as it crosses between Worker and object. */
export type Refusal = Pick<KlingFailure, 'code' | 'message'>;
