import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Whether processes can be pinned to cores: there are two cores, and `taskset` exists. */
export const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
const LAST_CORE = availableParallelism() - 1;

/** The number of cores for the load and the fake Kling, which have one thread each. */
export const OTHER_CORES = CAN_PIN ? LAST_CORE : availableParallelism();

/** Keeps this process and its later children off the last core. */
export function leaveLastCore(): void {
  if (CAN_PIN) execFileSync('taskset', ['-acp', `0-${LAST_CORE - 1}`, String(process.pid)]);
}

/** Makes a command run on the last core. There the server under test runs alone, while the other servers are idle. */
export function onLastCore(command: readonly string[]): readonly string[] {
  return CAN_PIN ? ['taskset', '-c', String(LAST_CORE), ...command] : command;
}
