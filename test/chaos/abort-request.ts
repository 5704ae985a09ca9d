/**
 * A step of an object that it may die at: after a method's work, whose answer is then lost; or around what leaves it.
 * `ingest`: before a callback that moves a task on is taken in; `ingested`: once that is durable, before the answer.
 * `push`: between the commit of a task's end and its push; `pushed`: before the answer to that push is noted.
 */
export type Step = 'create' | 'catchUp' | 'alarm' | 'deliver' | 'ingest' | 'ingested' | 'push' | 'pushed';

/** When an object dies: at a step, or after a time. */
export interface Moment {
  readonly inMs: number;
  /** What is waited for, for as long as `inMs`; null: the time alone decides. */
  readonly at: Step | null;
}

/** What `POST /chaos/abort` takes: which object, and when. `shard` says which of the hubs. Answered with 204 once it is dead. */
export interface AbortRequest {
  readonly object: 'TASK_LEDGER' | 'HUB' | 'KLING_ACCOUNT';
  readonly shard: number;
  readonly moment: Moment;
}
