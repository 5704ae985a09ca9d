import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Whether processes can be kept apart: two cores, and Linux's own tool for it. */
export const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
const LAST_CORE = availableParallelism() - 1;

/** What is left to the load and to the fake Kling, which have one thread each. */
export const OTHER_CORES = CAN_PIN ? LAST_CORE : availableParallelism();

/** Keeps this process, and what it starts from now on, off the last core. */
export function leaveLastCore(): void {
  if (CAN_PIN) execFileSync('taskset', ['-acp', `0-${LAST_CORE - 1}`, String(process.pid)]);
}

/** A command that runs on the last core: there the server under test is alone with the servers that wait for their turn. */
export function onLastCore(command: readonly string[]): readonly string[] {
  return CAN_PIN ? ['taskset', '-c', String(LAST_CORE), ...command] : command;
}
