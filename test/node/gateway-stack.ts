import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_AUTH } from '../support/token.ts';
import { buildWorker, createRawWorker, freePort, type RawWorker } from './raw-workerd.ts';
import { createSandboxAccount, type SandboxAccount } from './sandbox-account.ts';

/** The gateway and the sandbox, each in a workerd of its own, on disk. */
export interface GatewayStack {
  readonly gateway: RawWorker;
  /** The account that this gateway has at the sandbox: nobody else's, and new. */
  readonly account: SandboxAccount;
  /** Ends both processes and removes their files. May be called twice. */
  close(): Promise<void>;
}

export interface StackOptions {
  /** Where the sandbox posts callbacks; the gateway itself unless given. */
  readonly publicUrl?: (gatewayUrl: string) => Promise<string>;
  /** A file in the place of the gateway's own entry, from the repository's root. */
  readonly entry?: string;
  /** A copy of the repository that the gateway is built from; the repository itself unless given. */
  readonly root?: string;
  /** The AccessKey, and with it the account at the sandbox; a new one unless given. */
  readonly accessKey?: string;
  /** Settings of the gateway, as in `src/settings.ts`. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Settings of the account at the sandbox, as in `src/sandbox/README.md`. */
  readonly sandbox?: object;
  /** Gets each piece of the gateway's log. */
  readonly onGatewayOutput?: (text: string) => void;
}

/** Builds and starts both, and returns once both answer. */
export async function startStack({
  publicUrl,
  entry,
  root,
  accessKey = `sandbox-access-key-${randomBytes(6).toString('hex')}`,
  vars,
  sandbox,
  onGatewayOutput,
}: StackOptions = {}): Promise<GatewayStack> {
  const dir = mkdtempSync(join(tmpdir(), 'kling-gateway-'));
  const workers: RawWorker[] = [];
  async function close(): Promise<void> {
    await Promise.all(workers.map((worker) => worker.kill()));
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
  process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));

  try {
    const [builtGateway, builtSandbox] = await Promise.all([
      buildWorker('wrangler.toml', join(dir, 'gateway-script'), entry, [], root),
      buildWorker('src/sandbox/wrangler.toml', join(dir, 'sandbox-script')),
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
        KLING_ACCESS_KEY: accessKey,
        KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes',
        ...TEST_AUTH,
        CALLBACK_SECRET: randomBytes(24).toString('hex'),
        PUBLIC_URL: (await publicUrl?.(`http://127.0.0.1:${port}`)) ?? `http://127.0.0.1:${port}`,
        ...vars,
      },
      ...(onGatewayOutput === undefined ? {} : { onOutput: onGatewayOutput }),
    });
    workers.push(gateway);
    await gateway.start();
    return { gateway, account, close };
  } catch (error) {
    await close();
    throw error;
  }
}
