/** The state after runs of an alarm. */
export interface Rung {
  /** The time of the next alarm, in milliseconds since the epoch. Null if it is not set. */
  readonly nextAtMs: number | null;
  readonly databaseBytes: number;
}
