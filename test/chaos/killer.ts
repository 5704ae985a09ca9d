import { setTimeout as wait } from 'node:timers/promises';
import type { RawWorker } from '../node/raw-workerd.ts';
import type { Random } from './random.ts';

export interface KillerOptions {
  readonly kills: number;
  /** The kills fall at random into as many equal parts of this. */
  readonly overMs: number;
  readonly random: Random;
  /** Resolves with the next acknowledgement of a callback: a good moment to die. */
  readonly nextProgress: () => Promise<void>;
  /** Called while the gateway is down. */
  readonly onDown: () => void;
}

/** Longest that a kill waits for an acknowledgement. */
const PROGRESS_MS_MAX = 1_000;

/**
 * Kills the gateway again and again, and starts it on the same port and disk; every other time right after it has
 * acknowledged a callback. It runs again when this returns how often it was killed.
 */
export async function killRepeatedly(
  gateway: RawWorker,
  { kills, overMs, random, nextProgress, onDown }: KillerOptions,
): Promise<number> {
  const startedMs = Date.now();
  async function kill(): Promise<void> {
    await gateway.kill();
    onDown();
  }
  let extra = 0;
  for (let number = 0; number < kills; number += 1) {
    const atMs = ((number + random.next()) * overMs) / kills;
    await wait(Math.max(0, startedMs + atMs - Date.now()));
    if (number % 2 === 1) await Promise.race([nextProgress(), wait(PROGRESS_MS_MAX)]);
    await kill();
    // Sometimes it is away for longer than a client's first retry.
    if (random.chance(0.3)) await wait(random.between(100, 800));
    await gateway.start();
    // Sometimes it dies again while it still sorts out what the last death left behind.
    if (!random.chance(0.25)) continue;
    await wait(random.between(0, 60));
    await kill();
    await gateway.start();
    extra += 1;
  }
  return kills + extra;
}
