import { setTimeout as wait } from 'node:timers/promises';
import type { RawWorker } from '../node/raw-workerd.ts';
import type { Random } from './random.ts';

export interface KillerOptions {
  readonly kills: number;
  /** The time of all kills. Each falls at random into an equal part of it. */
  readonly overMs: number;
  readonly random: Random;
  /** Resolves with the next acknowledgement of a callback. */
  readonly nextProgress: () => Promise<void>;
  /** Called while the gateway is down, with the instant before its death. */
  readonly onDown: (fromMs: number) => void;
}

/** The longest time that a kill waits for an acknowledgement. */
const PROGRESS_MS_MAX = 1_000;

/**
 * Kills the gateway repeatedly and restarts it with the same port and disk. Every other kill follows the acknowledgement
 * of a callback. Returns the number of kills, with the gateway running.
 */
export async function killRepeatedly(
  gateway: RawWorker,
  { kills, overMs, random, nextProgress, onDown }: KillerOptions,
): Promise<number> {
  const startedMs = Date.now();
  async function kill(): Promise<void> {
    const fromMs = Date.now();
    await gateway.kill();
    onDown(fromMs);
  }
  let extra = 0;
  for (let number = 0; number < kills; number += 1) {
    const atMs = ((number + random.next()) * overMs) / kills;
    await wait(Math.max(0, startedMs + atMs - Date.now()));
    if (number % 2 === 1) await Promise.race([nextProgress(), wait(PROGRESS_MS_MAX)]);
    await kill();
    // Sometimes it is down for longer than a client's first retry.
    if (random.chance(0.3)) await wait(random.between(100, 800));
    await gateway.start();
    // Sometimes it dies again during its recovery.
    if (!random.chance(0.25)) continue;
    await wait(random.between(0, 60));
    await kill();
    await gateway.start();
    extra += 1;
  }
  return kills + extra;
}
