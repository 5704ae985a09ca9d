/**
 * A step at which an object can die. At the name of a method, its work is done and its answer is lost.
 * `ingest`: before a callback that changes a task is ingested. `ingested`: after it is durable, before the answer.
 * `push`: between the commit of a task's end and its push. `pushed`: before the answer to that push is recorded.
 */
export type Step = 'create' | 'catchUp' | 'alarm' | 'deliver' | 'ingest' | 'ingested' | 'push' | 'pushed';

/** When an object dies: at a step or after a time. */
export interface Moment {
  readonly inMs: number;
  /** The step to wait for, up to `inMs`. Null if only the time decides. */
  readonly at: Step | null;
}

/** The body of `POST /chaos/abort`: which object dies, and when. `shard` selects the hub. Answered with 204 after its death. */
export interface AbortRequest {
  readonly object: 'TASK_LEDGER' | 'HUB' | 'KLING_ACCOUNT';
  readonly shard: number;
  readonly moment: Moment;
}
