import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_AUTH } from '../support/token.ts';
import { buildWorker, type BuiltWorker, createRawWorker, freePort, type RawWorker } from './raw-workerd.ts';
import { createSandboxAccount, type SandboxAccount } from '../support/sandbox-account.ts';

/** The gateway and the sandbox, each in its own workerd process, with storage on disk. */
export interface GatewayStack {
  readonly gateway: RawWorker;
  readonly sandboxUrl: string;
  /** The account of this gateway at the sandbox. It is new and not shared. */
  readonly account: SandboxAccount;
  /** The gateway's credentials for Kling, by setting. */
  readonly keys: Readonly<Record<string, string>>;
  /** Ends both processes and removes their files. Can be called twice. */
  close(): Promise<void>;
}

export interface StackOptions {
  /** The gateway's wrangler.toml. The default is the product's. */
  readonly config?: string;
  /** Where the sandbox posts callbacks. The default is the gateway. Null means no callbacks. */
  readonly publicUrl?: ((gatewayUrl: string) => Promise<string>) | null;
  /** A file that replaces the gateway's entry, from the root of the repository. */
  readonly entry?: string;
  /** The folder that the gateway is built from. The default is this repository. */
  readonly root?: string;
  /** The AccessKey, which selects the account at the sandbox. The default is a new one. */
  readonly accessKey?: string;
  /** The kind of the gateway's credentials for Kling. The default is the two keys. */
  readonly credential?: 'KEYS' | 'API_KEY';
  /** Settings of the gateway, as in `src/config/settings.ts`. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Settings of the account at the sandbox, as in `src/sandbox/README.md`. */
  readonly sandbox?: object;
  /** Called with each piece of the gateway's output. */
  readonly onGatewayOutput?: (text: string) => void;
}

/** Built scripts by their options. They are kept until this process ends, because a build takes longer than most tests. */
const builds = new Map<string, Promise<BuiltWorker>>();

function buildOnce(config: string, entry?: string, root?: string): Promise<BuiltWorker> {
  const key = JSON.stringify([config, entry, root]);
  const built = builds.get(key) ?? buildWorker(config, makeTemporaryDir('kling-script-'), entry, [], root);
  builds.set(key, built);
  return built;
}

/** Creates a folder that is removed when this process ends. */
export function makeTemporaryDir(prefix: string): string {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

/** Builds and starts both. Returns when both answer. */
export async function startStack({
  publicUrl = async (gatewayUrl) => gatewayUrl,
  config = 'wrangler.toml',
  entry,
  root,
  credential = 'KEYS',
  accessKey = `sandbox-${credential === 'KEYS' ? 'access' : 'api'}-key-${randomBytes(6).toString('hex')}`,
  vars,
  sandbox,
  onGatewayOutput,
}: StackOptions = {}): Promise<GatewayStack> {
  const dir = makeTemporaryDir('kling-gateway-');
  const keys: Record<string, string> =
    credential === 'KEYS'
      ? { KLING_ACCESS_KEY: accessKey, KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes' }
      : { KLING_API_KEY: accessKey };
  const workers: RawWorker[] = [];
  async function close(): Promise<void> {
    await Promise.all(workers.map((worker) => worker.kill()));
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }

  try {
    const [builtGateway, builtSandbox] = await Promise.all([
      buildOnce(config, entry, root),
      buildOnce('src/sandbox/wrangler.toml'),
    ]);
    const kling = createRawWorker(builtSandbox, { dir: join(dir, 'sandbox'), port: await freePort(), vars: {} });
    workers.push(kling);
    await kling.start();
    const account = createSandboxAccount(kling.url, accessKey);
    await account.configure(sandbox ?? {});

    const port = await freePort();
    const gateway = createRawWorker(builtGateway, {
      dir: join(dir, 'gateway'),
      port,
      vars: {
        ENVIRONMENT: 'development',
        KLING_BASE_URL: kling.url,
        ...keys,
        ...TEST_AUTH,
        CALLBACK_SECRET: randomBytes(24).toString('hex'),
        ...(publicUrl !== null && { PUBLIC_URL: await publicUrl(`http://127.0.0.1:${port}`) }),
        ...vars,
      },
      ...(onGatewayOutput === undefined ? {} : { onOutput: onGatewayOutput }),
    });
    workers.push(gateway);
    await gateway.start();
    return { gateway, sandboxUrl: kling.url, account, keys, close };
  } catch (error) {
    await close();
    throw error;
  }
}
