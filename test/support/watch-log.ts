import { vi } from 'vitest';
import type { LogEvent } from '../../src/lib/log.ts';

/** Returns the lines of the log that are printed from now on, by the Worker and its objects: they share one console. */
export function watchLog(level: 'log' | 'warn' | 'error' = 'log'): () => readonly LogEvent[] {
  // oxlint-disable-next-line no-console -- watched, not used
  const print = vi.spyOn(console, level);
  return () => print.mock.calls.map(([line]) => JSON.parse(String(line)) as LogEvent);
}
