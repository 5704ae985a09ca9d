import { vi } from 'vitest';
import type { LogEvent } from '../../src/lib/log.ts';

/** Returns the log lines printed from now on by the Worker and its objects, which share one console. */
export function watchLog(level: 'log' | 'warn' | 'error' = 'log'): () => readonly LogEvent[] {
  // oxlint-disable-next-line no-console -- watched, not used
  const print = vi.spyOn(console, level);
  return () => print.mock.calls.map(([line]) => JSON.parse(String(line)) as LogEvent);
}
