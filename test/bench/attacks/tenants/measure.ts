import { setTimeout as wait } from 'node:timers/promises';
import type { BuiltWorker } from '../../../node/raw-workerd.ts';
import { coreWaitMs } from '../../fanout/cpu.ts';
import type { TenantAttack } from './attack.ts';
import { TENANT_ATTACKS } from './attacks.ts';
import { type Bystander, type Observed, startBystander } from './bystander.ts';
import { HEADER, type MeasuredAttack, problemsOf, toText } from './report.ts';
import { startStage, twoTenants } from './stage.ts';
import { startAttacker } from './start-attacker.ts';

export interface Durations {
  readonly idleSeconds: number;
  readonly seconds: number;
}

/** The warm-up, in which V8 compiles the code and the pools open connections. */
const WARM_UP_SECONDS = 3;

/** The time between the start of the attack and tenant B's first sample. */
const HEAD_START_MS = 500;

/** The number of times that a hub is woken. */
const WAKES = 3;

/** Runs each attack of tenant A while tenant B works, and prints B's figures. Returns the missed targets. */
export async function runTenantAttacks(
  worker: BuiltWorker,
  only: string,
  durations: Durations,
): Promise<readonly string[]> {
  const problems: string[] = [];
  process.stdout.write(`\ntenant B while tenant A attacks\n${HEADER}\n`);
  for (const attack of TENANT_ATTACKS.filter(({ name }) => name.includes(only))) {
    const measured = await measureAttack(worker, attack, durations);
    process.stdout.write(`${toText(measured)}\n`);
    problems.push(...problemsOf(measured));
  }
  return problems;
}

/** Measures tenant B alone, then during the attack. Each attack has its own gateway. */
async function measureAttack(
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
