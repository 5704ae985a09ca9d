import { createDocuments, type DocumentsOptions } from '../../src/graphql/documents.ts';
import { createOperationFinder } from '../../src/graphql/operation.ts';
import { createGraphqlHandler, type GraphqlOptions, useCompiledExecutor } from '../../src/http/graphql.ts';
import { createLargeBodies } from '../../src/http/limits.ts';
import type { RequestNotes } from '../../src/http/log.ts';
import { type BodyLimits, createReadParams } from '../../src/http/read-params.ts';
import { type StartTimer, startTimer as startPlatformTimer } from '../../src/lib/time.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { schema } from '../../src/schema/schema.ts';
import { FakeLedger, FakeUpstream } from './fake-ledger.ts';
import { VIEWER } from './viewer.ts';

export const URL_OF_GRAPHQL = 'https://gateway.test/graphql';

interface GraphqlAnswer {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers of any shape
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly locations?: unknown;
    readonly extensions: Record<string, unknown>;
  }[];
}

interface ClientOptions extends Partial<GraphqlOptions> {
  readonly startTimer?: StartTimer;
  readonly documents?: Partial<DocumentsOptions>;
  readonly limits?: BodyLimits;
  readonly introspection?: boolean;
  /** Counts the large bodies of a tenant. Allows any number by default. */
  readonly takeRate?: (tenant: string) => Promise<void>;
}

/** Creates the GraphQL handler with a fake ledger and a fake upstream. */
export function createGraphqlClient({
  documents,
  limits,
  startTimer = startPlatformTimer,
  takeRate = async () => {},
  introspection = true,
  ...options
}: ClientOptions = {}) {
  const ledger = new FakeLedger();
  const upstream = new FakeUpstream();
  const logged: LogEvent[] = [];
  const notes: RequestNotes = {};
  const largeBodies = createLargeBodies({ takeRate, now: Date.now });
  const handle = createGraphqlHandler({
    schema,
    readParams: createReadParams({
      schema,
      documents: createDocuments({ trusted: new Map(), trustedOnly: false, automatic: true, ...documents }),
      limits: limits ?? { bytesMax: 100_000, largeBytesMax: 1_000_000 },
      largeBodies,
      now: Date.now,
      startTimer,
    }),
    finder: createOperationFinder({
      schema,
      introspection,
      kept: { charsPerEntryMax: 8192, charsMax: 65_536 },
      locations: true,
    }),
    answerStream: async () => null,
    executor: useCompiledExecutor(),
    largeBodies,
    suggestions: introspection,
    log: (event) => logged.push(event),
    ...options,
  });

  async function fetchGraphql(input: string | URL, init?: RequestInit): Promise<Response> {
    const requestId = 'request-of-test';
    const trace = { requestId, notes };
    return handle(new Request(input, init), {
      requestId,
      now: () => 0,
      viewer: VIEWER,
      ledger,
      upstream,
      files: null,
      trace,
    });
  }

  async function post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
    return fetchGraphql(URL_OF_GRAPHQL, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  }

  async function execute(query: string, variables: object = {}): Promise<GraphqlAnswer> {
    return (await post(JSON.stringify({ query, variables }))).json();
  }

  return { ledger, upstream, logged, notes, fetchGraphql, post, execute };
}
