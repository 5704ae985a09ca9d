import type { BuiltWorker } from '../../node/raw-workerd.ts';
import { TENANT_ATTACKS } from './tenants/attacks.ts';
import { type Durations, measureAttack } from './tenants/measure.ts';
import { HEADER, problemsOf, toText } from './tenants/report.ts';

/** Runs each attack of tenant A beside tenant B, and prints what B saw. Answers with all that B must not see. */
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
