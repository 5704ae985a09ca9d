import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Wrangler from 'wrangler';
import { AUTHORIZATION, TEST_AUTH } from '../support/token.ts';
import { ensureAssetsFolder } from './assets-folder.ts';
import { freePort } from './raw-workerd.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Loaded by Node itself, because Vite would transform the whole of wrangler in each run. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- require() has no types
const { createTestHarness } = createRequire(import.meta.url)('wrangler') as typeof Wrangler;

/** A media as the tests read it. */
export interface TestMedia {
  readonly id: string;
  readonly status: string;
  readonly sha256: string | null;
  readonly upload: { readonly url: string } | null;
  readonly problems: readonly { readonly code: string }[];
}

/** A gateway over HTTP, with a simulated bucket. */
export interface MediaGateway {
  readonly url: string;
  createMedia(source: object, kind?: 'VIDEO' | 'AUDIO'): Promise<TestMedia>;
  media(id: string): Promise<TestMedia | null>;
  close(): Promise<void>;
}

const FIELDS = 'id status sha256 upload { url } problems { code }';
const CREATE = `mutation ($kind: MediaKind!, $source: MediaSourceInput!) {
  createMedia(kind: $kind, source: $source) { __typename ... on Media { ${FIELDS} } }
}`;
const READ = `query ($id: ID!) { node(id: $id) { ... on Media { ${FIELDS} } } }`;

/** Starts a gateway on a free port of the loopback. `vars` are settings. */
export async function startMediaGateway(vars: Readonly<Record<string, string>> = {}): Promise<MediaGateway> {
  ensureAssetsFolder(ROOT);
  // The URL of an upload starts with PUBLIC_URL. Its origin is replaced below, because the port is not known before.
  const harness = createTestHarness({
    workers: [
      {
        configPath: join(ROOT, 'wrangler.toml'),
        vars: {
          ENVIRONMENT: 'development',
          ...TEST_AUTH,
          KLING_BASE_URL: `http://127.0.0.1:${await freePort()}`,
          KLING_ACCESS_KEY: 'sandbox-access-key-media',
          KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes',
          CALLBACK_SECRET: 'callback-secret-of-the-tests-0123456789',
          PUBLIC_URL: 'http://localhost:1',
          ...vars,
        },
      },
    ],
  });
  const url = (await harness.listen()).url.origin;

  async function execute(query: string, variables: object): Promise<Record<string, TestMedia | null>> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: AUTHORIZATION },
      body: JSON.stringify({ query, variables }),
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a response of the gateway
    const { data, errors } = (await response.json()) as { data?: Record<string, TestMedia | null>; errors?: unknown };
    if (data === undefined || errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }

  return {
    url,
    async createMedia(source, kind = 'VIDEO') {
      const { createMedia } = await execute(CREATE, { kind, source });
      if (createMedia?.upload === undefined) throw new Error(JSON.stringify(createMedia));
      return createMedia;
    },
    media: async (id) => (await execute(READ, { id }))['node'] ?? null,
    close: () => harness.close(),
  };
}
