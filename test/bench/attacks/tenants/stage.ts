import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTINGS } from '../../../../src/config/settings.ts';
import { type BuiltWorker, createRawWorker, freePort, type RawWorker } from '../../../node/raw-workerd.ts';
import { bearer, NEIGHBOURS, TEST_AUTH } from '../../../support/token.ts';
import { startChild } from '../../fanout/child.ts';
import type { Caller } from './http-pool.ts';

/** A new gateway with its own fake Kling. */
export interface Stage {
  readonly gateway: RawWorker;
  readonly port: number;
  readonly klingPort: number;
  /** The last output of the gateway if its process has ended. Null while it runs. */
  death(): string | null;
  close(): Promise<void>;
}

/** The documented bounds, which the tests lift. Mutations stay unlimited, because each attack has its own rate. */
const DOCUMENTED = { TENANT_UPSTREAM_READS_PER_MINUTE: SETTINGS.TENANT_UPSTREAM_READS_PER_MINUTE.fallback };

/** Starts a gateway and a fake Kling. `vars` override the settings of the bench. */
export async function startStage(worker: BuiltWorker, vars: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-attacks-'));
  const removeDir = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', removeDir);
  const kling = await startChild('../attacks/tenants/kling.ts', []);
  const port = await freePort();
  let said = '';
  const gateway = createRawWorker(worker, {
    dir,
    port,
    vars: {
      ENVIRONMENT: 'development',
      ...TEST_AUTH,
      ...DOCUMENTED,
      KLING_BASE_URL: `http://127.0.0.1:${kling.port}`,
      KLING_API_KEY: 'an-api-key-of-the-fake-kling',
      KLING_CONCURRENCY: '1000',
      CALLBACK_SECRET: randomBytes(24).toString('hex'),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      ...vars,
    },
    onOutput(text) {
      said = (said + text).slice(-500);
    },
  });
  await gateway.start();
  return {
    gateway,
    port,
    klingPort: kling.port,
    death: () => (isAlive(gateway.pid()) ? null : said),
    async close() {
      await gateway.kill();
      kling.close();
      removeDir();
      process.off('exit', removeDir);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export interface Tenant extends Caller {
  readonly tenant: string;
}

/** Creates two tenants whose sockets are routed to the same hub. */
export async function twoTenants(): Promise<{ readonly attacker: Tenant; readonly bystander: Tenant }> {
  const [attacker, bystander] = NEIGHBOURS;
  return {
    attacker: { tenant: attacker, authorization: await bearer(attacker), address: '203.0.113.1' },
    bystander: { tenant: bystander, authorization: await bearer(bystander), address: '198.51.100.1' },
  };
}
