/** When an object dies: after a time, or right behind a method's work, whose answer is then lost. */
export interface Moment {
  readonly inMs: number;
  /** What is waited for, for as long as `inMs`; null: the time alone decides. */
  readonly after: 'create' | 'catchUp' | 'alarm' | 'deliver' | null;
}

/** What `POST /chaos/abort` takes: which object, and when. `leaf` says which of the hubs. Answered with 204 once it is dead. */
export interface AbortRequest {
  readonly object: 'TASK_LEDGER' | 'HUB' | 'KLING_ACCOUNT';
  readonly leaf: number;
  readonly moment: Moment;
}
