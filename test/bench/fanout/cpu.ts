import { readdirSync, readFileSync } from 'node:fs';

/** Returns the CPU time that the threads of a process have used, in microseconds. Linux counts it in nanoseconds. */
export function cpuUs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ns.reduce((sum, one) => sum + one, 0) / 1_000;
}

/** Returns how long the main thread of a process waited for a core since its start, in milliseconds. Linux only. */
export function coreWaitMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}
