import { setTimeout as wait } from 'node:timers/promises';
import type { BuiltWorker } from '../../../node/raw-workerd.ts';
import { coreWaitMs } from '../../fanout/cpu.ts';
import type { Outcome, TenantAttack } from './attack.ts';
import { type Bystander, type Observed, startBystander } from './bystander.ts';
import { startStage, twoTenants } from './stage.ts';
import { startAttacker } from './start-attacker.ts';

/** What tenant B saw of one attack. */
export interface MeasuredAttack {
  readonly name: string;
  readonly idle: Observed;
  readonly attacked: Observed;
  readonly outcome: Outcome;
  /** What the gateway said last when its process has ended; null: it runs. */
  readonly death: string | null;
  /** How much of the time the gateway had no core, from 0 to 1: others were running on this machine. */
  readonly coreWait: number;
}

export interface Durations {
  readonly idleSeconds: number;
  readonly seconds: number;
}

/** V8 compiles what is used, and the pools open their connections. */
const WARM_UP_SECONDS = 3;

/** Between the attack's begin and tenant B's first sample. */
const HEAD_START_MS = 500;

/** Times a hub is woken. */
const WAKES = 3;

/** Each attack has a gateway of its own, where tenant B is alone first: its waits then are what those under attack are compared with. */
export async function measureAttack(
  worker: BuiltWorker,
  { name, vars, quietSeconds }: TenantAttack,
  { idleSeconds, seconds }: Durations,
): Promise<MeasuredAttack> {
  const stage = await startStage(worker, vars);
  try {
    const { attacker: tenantA, bystander: tenantB } = await twoTenants();
    const { port, klingPort } = stage;
    const bystander = await startBystander({ port, klingPort }, tenantB);
    await bystander.run(WARM_UP_SECONDS);
    const idle = await bystander.run(idleSeconds);
    const attacker = await startAttacker(name, { ...tenantA, port, klingPort });
    try {
      const startedAtMs = performance.now();
      const waitedMs = coreWaitMs(stage.gateway.pid());
      attacker.begin();
      await wait(HEAD_START_MS);
      const attacked = await (quietSeconds === undefined
        ? bystander.run(seconds)
        : runAfterQuiet(bystander, quietSeconds));
      const death = stage.death();
      const coreWaitedMs = death === null ? coreWaitMs(stage.gateway.pid()) - waitedMs : 0;
      const coreWait = coreWaitedMs / (performance.now() - startedAtMs);
      return { name, idle, attacked, outcome: await attacker.stop(), death, coreWait };
    } finally {
      attacker.kill();
      bystander.close();
    }
  } finally {
    await stage.close();
  }
}

async function runAfterQuiet(bystander: Bystander, quietSeconds: number): Promise<Observed> {
  const all: Observed[] = [];
  for (let i = 0; i < WAKES; i += 1) {
    await wait(quietSeconds * 1_000);
    all.push(await bystander.run(1));
  }
  const kinds = new Set(all.flatMap(({ ms }) => [...ms.keys()]));
  return {
    ms: new Map([...kinds].map((kind) => [kind, all.flatMap(({ ms }) => ms.get(kind) ?? [])])),
    unanswered: all.reduce((sum, { unanswered }) => sum + unanswered, 0),
    problems: all.flatMap(({ problems }) => problems),
    ownDelayMs: Math.max(...all.map(({ ownDelayMs }) => ownDelayMs)),
  };
}
