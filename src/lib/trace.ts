import { AsyncLocalStorage } from 'node:async_hooks';
import type { Log } from './log.ts';

/** What a line says of the work that wrote it. */
export interface TraceFields {
  /** The request that caused the work; undefined for an alarm. */
  readonly requestId?: string | undefined;
  readonly taskId?: string;
  /** Of work that is about several tasks at once. */
  readonly taskIds?: readonly string[];
}

const current = new AsyncLocalStorage<TraceFields>();

/** Runs `work`, whose lines get these fields. So do the lines of everything that it starts, however long that lasts. */
export function traced<T>(fields: TraceFields, work: () => T): T {
  return current.run({ ...current.getStore(), ...fields }, work);
}

/** Adds the fields of the current work to each line that does not set them itself. */
export function createTracedLog(log: Log): Log {
  return (event) => log({ ...event, ...current.getStore(), ...event });
}
