import { createFindSecrets } from '../support/secrets.ts';
import { AUTHORIZATION, TEST_AUTH } from '../support/token.ts';
import { type StackOptions, startStack } from './gateway-stack.ts';
import type { SandboxAccount } from '../support/sandbox-account.ts';

/** One GraphQL error in an answer. */
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

/** A gateway and a sandbox for one test file, each on a port of the loopback. */
export interface RunningGateway {
  readonly url: string;
  readonly sandboxUrl: string;
  execute(query: string, variables?: object): Promise<Answer>;
  /** This gateway's account at the sandbox. */
  readonly account: SandboxAccount;
  close(): Promise<void>;
}

/** Starts both, without callbacks, so that the gateway reads its tasks. By default a task takes 200 ms. */
export async function startGateway({ sandbox = {}, ...options }: StackOptions = {}): Promise<RunningGateway> {
  const stack = await startStack({
    publicUrl: null,
    ...options,
    sandbox: { submittedMs: 50, processingMs: 200, ...sandbox },
  });
  const { url } = stack.gateway;
  const findSecrets = createFindSecrets({ AUTH_SECRET: TEST_AUTH.AUTH_SECRET, ...stack.keys });

  return {
    url,
    sandboxUrl: stack.sandboxUrl,
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
    account: stack.account,
    close: () => stack.close(),
  };
}
