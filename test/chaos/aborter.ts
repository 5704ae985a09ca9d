import { setTimeout as wait } from 'node:timers/promises';
import type { AbortRequest, Moment, Step } from './abort-request.ts';
import type { Random } from './random.ts';

export interface AborterOptions {
  readonly aborts: number;
  /** The time of all aborts. Each falls at random into an equal part of it. */
  readonly overMs: number;
  readonly random: Random;
  /** Called after each death. */
  readonly onDeath: (object: AbortRequest['object']) => void;
}

/** Counts the aborted objects by class. */
export type AbortCounts = Readonly<Record<AbortRequest['object'], number>>;

/** The steps at which each object can die. An account dies only by time. */
const STEPS: Readonly<Record<AbortRequest['object'], readonly Step[]>> = {
  TASK_LEDGER: ['create', 'catchUp', 'alarm', 'ingest', 'ingested', 'push', 'pushed'],
  HUB: ['deliver'],
  KLING_ACCOUNT: [],
};

/** The timeout of an abort. The gateway may be killed meanwhile. */
const ANSWER_MS_MAX = 5_000;
const AGAIN_MS = 50;

/** Aborts objects of a gateway that was built from `worker/abortable-entry.ts`, while its process goes on. Returns after all aborts. */
export async function abortRepeatedly(
  gatewayUrl: string,
  { aborts, overMs, random, onDeath }: AborterOptions,
): Promise<AbortCounts> {
  const startedMs = Date.now();
  const counts = { TASK_LEDGER: 0, HUB: 0, KLING_ACCOUNT: 0 };
  const dying: Promise<void>[] = [];
  async function abort(request: AbortRequest): Promise<void> {
    await abortOnce(gatewayUrl, request);
    counts[request.object] += 1;
    onDeath(request.object);
  }
  for (let number = 0; number < aborts; number += 1) {
    const atMs = ((number + random.next()) * overMs) / aborts;
    const request = drawRequest(random);
    await wait(Math.max(0, startedMs + atMs - Date.now()));
    dying.push(abort(request));
  }
  await Promise.all(dying);
  return counts;
}

function drawRequest(random: Random): AbortRequest {
  const draw = random.next();
  const object = draw < 0.4 ? 'TASK_LEDGER' : draw < 0.9 ? 'HUB' : 'KLING_ACCOUNT';
  return { object, shard: random.between(0, 99), moment: drawMoment(random, STEPS[object]) };
}

function drawMoment(random: Random, steps: readonly Step[]): Moment {
  const at = steps[random.between(0, steps.length - 1)] ?? null;
  if (at !== null && random.chance(0.5)) return { at, inMs: 3_000 };
  return { at: null, inMs: random.chance(0.3) ? 0 : random.between(0, 40) };
}

/** Retries while the gateway is down. */
export async function abortOnce(gatewayUrl: string, request: AbortRequest): Promise<void> {
  for (;;) {
    const response = await fetch(`${gatewayUrl}/chaos/abort`, {
      method: 'POST',
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    }).catch(() => null);
    await response?.body?.cancel().catch(() => {});
    if (response?.status === 204) return;
    await wait(AGAIN_MS);
  }
}
