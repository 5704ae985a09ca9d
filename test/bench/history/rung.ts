/** What the runs of an alarm left. */
export interface Rung {
  /** When the alarm is set to next, in milliseconds since the epoch; null: it is not set. */
  readonly nextAtMs: number | null;
  readonly databaseBytes: number;
}
