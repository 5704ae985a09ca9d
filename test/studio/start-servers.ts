import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { freePort } from '../node/raw-workerd.ts';
import { startSandbox } from '../node/start-sandbox.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly studioUrl: string;
    /** The gateway's account at the sandbox. */
    readonly accessKey: string;
  }
}

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
const START_MS_MAX = 45_000;

function settings(replaced: Readonly<Record<string, string>>): string {
  const lines = readFileSync(join(ROOT, '.env.sandbox'), 'utf8').split('\n');
  const kept = lines.filter((line) => !(line.slice(0, line.indexOf('=')) in replaced));
  return [...kept, ...Object.entries(replaced).map(([name, value]) => `${name}=${value}`)].join('\n');
}

async function waitUntilUp(url: string): Promise<void> {
  const deadline = Date.now() + START_MS_MAX;
  while (Date.now() < deadline) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer in ${START_MS_MAX} ms`);
}

/** Builds the studio as `npm start` does, and starts the gateway and the sandbox once for a whole run. */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', PATH: `${BIN}:${process.env['PATH']}` };
  const sandbox = await startSandbox({ SANDBOX_SUBMITTED_MS: '400', SANDBOX_PROCESSING_MS: '1800' });
  execFileSync(process.execPath, [join(ROOT, 'src/scripts/studio.ts'), 'development'], {
    env: { ...env, SANDBOX_URL: sandbox.url },
    stdio: 'inherit',
  });

  const dir = mkdtempSync(join(tmpdir(), 'kling-studio-'));
  const [port, inspectorPort] = [await freePort(), await freePort()];
  const studioUrl = `http://localhost:${port}`;
  const accessKey = `sandbox-access-key-${randomUUID().slice(0, 8)}`;
  const envFile = join(dir, 'settings');
  writeFileSync(envFile, settings({ KLING_BASE_URL: sandbox.url, KLING_ACCESS_KEY: accessKey, PUBLIC_URL: studioUrl }));
  const gateway = spawn(
    join(BIN, 'wrangler'),
    [
      'dev',
      '--env-file',
      envFile,
      '--assets',
      'dist/development',
      '--persist-to',
      join(dir, 'state'),
      '--port',
      String(port),
      '--inspector-port',
      String(inspectorPort),
      '--show-interactive-dev-session=false',
    ],
    // Its own process group, so that workerd, which wrangler starts, ends with it.
    { cwd: ROOT, env, detached: true, stdio: 'ignore' },
  );
  async function stop(): Promise<void> {
    const closed = new Promise((resolve) => void gateway.once('close', resolve));
    if (gateway.pid !== undefined) process.kill(-gateway.pid, 'SIGTERM');
    await closed;
    await sandbox.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
  try {
    await waitUntilUp(`${studioUrl}/health`);
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide('studioUrl', studioUrl);
  project.provide('sandboxUrl', sandbox.url);
  project.provide('accessKey', accessKey);
  return stop;
}
