import { AsyncLocalStorage } from 'node:async_hooks';
import type { Log } from './log.ts';

/** The fields that a log line has about the work that wrote it. */
export interface TraceFields {
  /** The id of the request that caused the work; undefined for an alarm. */
  readonly requestId?: string | undefined;
  readonly taskId?: string;
  /** Set for work on several tasks at once. */
  readonly taskIds?: readonly string[];
}

const current = new AsyncLocalStorage<TraceFields>();

/** Runs `work`, and adds the fields to the log lines of everything that it starts, however long that takes. */
export function traced<T>(fields: TraceFields, work: () => T): T {
  return current.run({ ...current.getStore(), ...fields }, work);
}

/** Returns a log that adds the fields of the current work to each line. The line's own fields win. */
export function createTracedLog(log: Log): Log {
  return (event) => log({ ...event, ...current.getStore(), ...event });
}
