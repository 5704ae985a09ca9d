import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createTestHarness } from 'wrangler';
import { createFindSecrets } from '../support/secrets.ts';
import { ensureAssetsFolder } from './assets-folder.ts';
import { AUTHORIZATION, TEST_AUTH } from '../support/token.ts';

const root = join(import.meta.dirname, '../..');
const SECRET_KEY = 'sandbox-secret-key-of-thirty-two-bytes';

/** One GraphQL error as clients see it. */
export interface PublicError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly retryable: boolean;
    readonly retryAfterMs?: number;
    readonly klingCode?: number;
    readonly klingRequestId?: string;
    readonly requestId: string;
    readonly issues?: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
  };
}

export interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of any shape
  readonly data?: any;
  readonly errors?: readonly PublicError[];
}

/** What the sandbox has seen of one account. */
export interface SandboxRecord {
  readonly requestCount: number;
  readonly requestsByRoute: Readonly<Record<string, number>>;
  readonly requests: readonly { readonly code: number; readonly requestId: string; readonly path: string }[];
  readonly tasks: readonly {
    readonly taskId: string;
    readonly externalTaskId: string | null;
    readonly status: string;
  }[];
  readonly inFlightMax: number;
  readonly unitsCharged: number;
}

/** A gateway and a sandbox of a test's own, each listening on a loopback port. */
export interface RunningGateway {
  readonly url: string;
  readonly sandboxUrl: string;
  execute(query: string, variables?: object): Promise<Answer>;
  /** The sandbox's record of this gateway's account. */
  record(): Promise<SandboxRecord>;
  close(): Promise<void>;
}

export interface GatewayOptions {
  /** Which kind of credential the gateway has for Kling; the two keys unless told. */
  readonly credential?: 'KEYS' | 'API_KEY';
  /** The gateway's configuration, if it is another than the product's. */
  readonly configPath?: string;
  /** Replace the gateway's settings. */
  readonly vars?: Readonly<Record<string, string>>;
  readonly sandboxVars?: Readonly<Record<string, string>>;
}

/** Starts both. Tasks take 200 ms unless told otherwise. The account is new, so that its record is the test's alone. */
export async function startGateway({
  vars = {},
  sandboxVars = {},
  credential = 'KEYS',
  configPath = join(root, 'wrangler.toml'),
}: GatewayOptions = {}): Promise<RunningGateway> {
  const withApiKey = credential === 'API_KEY';
  const account = `sandbox-${withApiKey ? 'api' : 'access'}-key-${randomUUID().slice(0, 8)}`;
  const keys: Record<string, string> = withApiKey
    ? { KLING_API_KEY: account }
    : { KLING_ACCESS_KEY: account, KLING_SECRET_KEY: SECRET_KEY };
  const sandbox = createTestHarness({
    workers: [
      {
        configPath: join(root, 'src/sandbox/wrangler.toml'),
        vars: { SANDBOX_SUBMITTED_MS: '50', SANDBOX_PROCESSING_MS: '200', ...sandboxVars },
      },
    ],
  });
  const sandboxUrl = (await sandbox.listen()).url.origin;
  ensureAssetsFolder();
  const gateway = createTestHarness({
    workers: [
      {
        configPath,
        vars: {
          ENVIRONMENT: 'development',
          KLING_BASE_URL: sandboxUrl,
          ...TEST_AUTH,
          ...keys,
          ...vars,
        },
      },
    ],
  });
  const url = (await gateway.listen()).url.origin;
  const findSecrets = createFindSecrets({ AUTH_SECRET: TEST_AUTH.AUTH_SECRET, ...keys });

  return {
    url,
    sandboxUrl,
    async execute(query, variables = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json',
          authorization: AUTHORIZATION,
        },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      const found = findSecrets(JSON.stringify([...response.headers]) + text);
      if (found.length > 0) throw new Error(`the answer holds ${found.join(', ')}`);
      return { status: response.status, ...(JSON.parse(text) as Omit<Answer, 'status'>) };
    },
    async record() {
      const response = await fetch(`${sandboxUrl}/sandbox/accounts/${account}/record`);
      return (await response.json()) as SandboxRecord;
    },
    async close() {
      await gateway.close();
      await sandbox.close();
    },
  };
}
