import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type * as Wrangler from 'wrangler';

declare module 'vitest' {
  interface ProvidedContext {
    readonly sandboxUrl: string;
  }
}

/**
 * Loaded by Node itself. Vite would transform the whole of wrangler in each run, which takes up to 20 s of CPU: a project
 * for the Workers runtime inlines every package, also in its global setup.
 */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- require() has no types
const { createTestHarness } = createRequire(import.meta.url)('wrangler') as typeof Wrangler;

/** Runs the sandbox once for a whole test run, on a free loopback port, with tasks that take no time worth mentioning. */
export default async function startSandbox(project: TestProject): Promise<() => Promise<void>> {
  const sandbox = createTestHarness({
    workers: [
      {
        configPath: join(import.meta.dirname, '../../src/sandbox/wrangler.toml'),
        vars: {
          SANDBOX_SUBMITTED_MS: '50',
          SANDBOX_PROCESSING_MS: '150',
          SANDBOX_CONCURRENCY: '100000',
          SANDBOX_UNITS: '1000000',
        },
      },
    ],
  });
  const { url } = await sandbox.listen();
  project.provide('sandboxUrl', url.origin);
  return () => sandbox.close();
}
