import type { BuiltWorker } from '../../node/raw-workerd.ts';
import { startApp } from './bounds/app.ts';
import { BOUND_CHECKS } from './bounds/checks.ts';
import { startStage, twoTenants } from './tenants/stage.ts';

/** Runs an app at each documented bound, and prints how it was served. Answers with where it was not. */
export async function runBoundChecks(worker: BuiltWorker, only: string): Promise<readonly string[]> {
  const problems: string[] = [];
  process.stdout.write('\nan app at the documented bounds\n');
  for (const { name, vars, run } of BOUND_CHECKS.filter((check) => check.name.includes(only))) {
    const stage = await startStage(worker, vars);
    try {
      const { bystander } = await twoTenants();
      const app = await startApp({ ...bystander, port: stage.port, klingPort: stage.klingPort });
      const figures = await run(app, stage.gateway.pid());
      app.close();
      process.stdout.write(`  ${name}: ${figures}\n`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.stdout.write(`  ${name}: NOT SERVED: ${reason}\n`);
      problems.push(`${name}: ${reason}`);
    } finally {
      await stage.close();
    }
  }
  return problems;
}
