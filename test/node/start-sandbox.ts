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
 * Loaded by Node itself. A project for the Workers runtime inlines every package, also in its global setup. So Vite would
 * transform the whole of wrangler in each run, which takes up to 20 s of CPU.
 */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- require() has no types
const { createTestHarness } = createRequire(import.meta.url)('wrangler') as typeof Wrangler;

/** Starts the sandbox on a free port of the loopback. */
export async function startSandbox(
  vars: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const configPath = join(import.meta.dirname, '../../src/sandbox/wrangler.toml');
  const sandbox = createTestHarness({ workers: [{ configPath, vars }] });
  const { url } = await sandbox.listen();
  return { url: url.origin, close: () => sandbox.close() };
}

/** Runs the sandbox once for a whole test run. A task takes 150 ms. */
export default async function provideSandbox(project: TestProject): Promise<() => Promise<void>> {
  const { url, close } = await startSandbox({
    SANDBOX_SUBMITTED_MS: '50',
    SANDBOX_PROCESSING_MS: '150',
    SANDBOX_CONCURRENCY: '100000',
    SANDBOX_UNITS: '1000000',
    // The gateway under test listens on no port.
    SANDBOX_FETCHES_MEDIA: 'off',
  });
  project.provide('sandboxUrl', url);
  return close;
}
