import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, it, vi } from 'vitest';
import type * as Wrangler from 'wrangler';
import { createSandboxAccount } from '../support/sandbox-account.ts';
import { bearer, TEST_AUTH } from '../support/token.ts';
import { ensureAssetsFolder } from './assets-folder.ts';
import { MEDIA_FILES, type MediaFile } from './media-files.ts';
import { startSandbox } from './start-sandbox.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- require() has no types
const { createTestHarness } = createRequire(import.meta.url)('wrangler') as typeof Wrangler;

const ACCESS_KEY = 'sandbox-access-key-of-media-uploads';

/** A chunk of an upload, as the docs advise. */
const CHUNK_BYTES = 8 * 1024 * 1024;

interface Issue {
  readonly code: string;
}

interface Media {
  readonly id: string;
  readonly status: string;
  readonly problems: readonly Issue[];
  readonly upload: { readonly url: string } | null;
}

/** An answer of a mutation: the object, or the issues of its input. */
type Answer<T> = T & { readonly type: string; readonly issues?: readonly Issue[] };

let gateway: Wrangler.TestHarness;
let origin: string;
let sandbox: { readonly url: string; readonly close: () => Promise<void> };
let authorization: string;

const INVALID = 'type: __typename ... on InvalidInputError { issues { code } }';
const MEDIA = 'id status problems { code } upload { url }';

async function ask<T>(query: string, variables: object): Promise<T> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { readonly data: T; readonly errors?: unknown };
  assert.isUndefined(errors);
  return data;
}

async function createMedia({ kind, name }: MediaFile, bytes: number): Promise<Answer<Media>> {
  const { createMedia: media } = await ask<{ readonly createMedia: Answer<Media> }>(
    `mutation ($kind: MediaKind!, $file: MediaFileInput!) {
      createMedia(kind: $kind, source: { file: $file }) { ${INVALID} ... on Media { ${MEDIA} } }
    }`,
    { kind, file: { bytes, fileName: name } },
  );
  return media;
}

/** Sends a file, and returns the media once it is judged. */
async function upload(media: Media, bytes: Buffer): Promise<Media> {
  const url = new URL(new URL(media.upload?.url ?? '').pathname, origin);
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    const response = await fetch(url, {
      method: 'PATCH',
      headers: {
        'tus-resumable': '1.0.0',
        'upload-offset': `${offset}`,
        'content-type': 'application/offset+octet-stream',
      },
      body: new Uint8Array(bytes.subarray(offset, offset + CHUNK_BYTES)),
    });
    assert.strictEqual(response.status, 204, await response.text());
  }
  return vi.waitUntil(
    async () => {
      const { node } = await ask<{ readonly node: Media }>(
        `query ($id: ID!) { node(id: $id) { ... on Media { ${MEDIA} } } }`,
        {
          id: media.id,
        },
      );
      return node.status === 'UPLOADING' || node.status === 'CHECKING' ? null : node;
    },
    { timeout: 30_000, interval: 50 },
  );
}

/** Uses a file as a video, as audio, and as the sample of a voice. Returns the type of each answer, and its first code. */
async function use(mediaId: string): Promise<readonly string[]> {
  const answers = await ask<Record<string, Answer<object>>>(
    `mutation ($mediaId: ID!) {
      scan: identifyFaces(video: { mediaId: $mediaId }) { ${INVALID} }
      task: createLipSyncTask(input: {
        face: { klingFace: { klingSessionId: "1", klingFaceId: "0" } }
        audio: { mediaId: $mediaId }
        placement: { audioStartMs: 0, audioEndMs: 2000, insertAtMs: 0 }
      }) { ${INVALID} }
      voice: createVoiceTask(input: { name: "Anna", sample: { mediaId: $mediaId } }) { ${INVALID} }
    }`,
    { mediaId },
  );
  return Object.values(answers).map(({ type, issues }) => `${type} ${issues?.[0]?.code}`);
}

/** A file of the other kind is refused for that, and any other use by the problems of the file. */
function refusalsOf({ kind, codes }: MediaFile): readonly string[] {
  const [scan, task] = kind === 'VIDEO' ? [codes[0], 'UNSUPPORTED_FORMAT'] : ['UNSUPPORTED_FORMAT', codes[0]];
  return [scan, task, codes[0]].map((code) => `InvalidInputError ${code}`);
}

describe('a file that is uploaded', () => {
  beforeAll(async () => {
    sandbox = await startSandbox({ SANDBOX_FETCHES_MEDIA: 'off' });
    ensureAssetsFolder();
    gateway = createTestHarness({
      workers: [
        {
          configPath: join(import.meta.dirname, '../../wrangler.toml'),
          vars: {
            ...TEST_AUTH,
            ENVIRONMENT: 'development',
            KLING_BASE_URL: sandbox.url,
            KLING_ACCESS_KEY: ACCESS_KEY,
            KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes',
            CALLBACK_SECRET: 'callback-secret-of-the-tests-0123456789',
            PUBLIC_URL: 'http://localhost:1',
          },
        },
      ],
    });
    const { url } = await gateway.listen();
    origin = url.origin;
    authorization = await bearer('uploader');
  });

  afterAll(async () => {
    await gateway.close();
    await sandbox.close();
  });

  it.for(MEDIA_FILES)('is judged before anything is paid: $kind $name', async (file, { expect }) => {
    const bytes = await readFile(await file.path());
    const created = await createMedia(file, bytes.length);
    const media = created.type === 'Media' ? await upload(created, bytes) : null;
    const refusals = media?.status === 'REJECTED' ? await use(media.id) : [];
    // An empty file, and one that is too large, get no upload.
    const hasUpload = bytes.length > 0 && !file.codes.includes('FILE_TOO_LARGE');
    const judged = file.codes.length === 0 ? 'READY' : 'REJECTED';
    const isRefused = hasUpload && judged === 'REJECTED';
    expect({
      type: created.type,
      status: media?.status,
      codes: media?.problems.map(({ code }) => code),
      refusals,
    }).toEqual({
      type: hasUpload ? 'Media' : 'InvalidInputError',
      status: hasUpload ? judged : undefined,
      codes: hasUpload ? file.codes : undefined,
      refusals: isRefused ? refusalsOf(file) : [],
    });
  });

  it('never reaches Kling if it is refused, and nothing is paid', async ({ expect }) => {
    const { requestsByRoute, tasks, unitsCharged } = await createSandboxAccount(sandbox.url, ACCESS_KEY).record();
    const creates = Object.entries(requestsByRoute).filter(([route]) => route.startsWith('POST'));
    expect({ creates, tasks, unitsCharged }).toEqual({ creates: [], tasks: [], unitsCharged: 0 });
    const { usage } = await ask<{ readonly usage: { readonly units: string } }>('{ usage { units } }', {});
    expect(usage.units).toBe('0');
  });
});
