import { readFileSync } from 'node:fs';

/** Clock ticks in a second, as Linux tells them to programs on every machine it runs on. */
const TICKS_PER_S = 100;

/** The CPU time that a process, all its threads and its ended children have used, in microseconds; good to 10 ms. Linux. */
export function cpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold blanks; utime, stime, cutime and cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (ticks * 1_000_000) / TICKS_PER_S;
}

/** For how long the main thread of a process was ready to run and had no core, in milliseconds since its start. Linux. */
export function coreWaitMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}
