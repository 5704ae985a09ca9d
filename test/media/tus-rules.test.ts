import { describe, it } from 'vitest';
import { CHUNK_BYTES_MAX } from '../../src/http/uploads.ts';
import { CHUNK_TYPE, openUpload, type TestUpload, testBytes, TUS } from '../support/uploads.ts';

const BYTES = 1_000;
const BODY = testBytes(BYTES);
const HALF = BODY.slice(0, 500);
const LENGTH = { 'upload-length': String(BYTES) };

/** Returns the digest of bytes, as `Upload-Checksum` has it. */
async function digest(algorithm: 'SHA-1' | 'SHA-256', bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest(algorithm, bytes))));
}

type Row = readonly [
  rule: string,
  send: (upload: TestUpload) => Promise<Response>,
  status: number,
  headers?: Readonly<Record<string, string | null | RegExp>>,
  /** The offset afterwards. Null if the upload is gone. */
  offset?: number | null,
];

const chunk = { 'content-type': CHUNK_TYPE, 'upload-offset': '0' };

/** The requirements of tus 1.0.0 (https://tus.io/protocols/resumable-upload), in its order. */
const RULES: Readonly<Record<string, readonly Row[]>> = {
  core: [
    ['HEAD of a new upload has offset 0', ({ send }) => send('HEAD'), 200, { 'upload-offset': '0' }],
    ['HEAD has the length, if it is known', ({ send }) => send('HEAD'), 200, { 'upload-length': '1000' }],
    ['HEAD is not cached', ({ send }) => send('HEAD'), 200, { 'cache-control': 'no-store' }],
    ['every response has Tus-Resumable', ({ send }) => send('HEAD'), 200, { 'tus-resumable': '1.0.0' }],
    ['an error has Tus-Resumable', ({ send }) => send('GET'), 405, { 'tus-resumable': '1.0.0' }],
    [
      'PATCH at the offset is stored, with 204 and the new offset',
      ({ patch }) => patch(0, HALF),
      204,
      { 'upload-offset': '500', 'tus-resumable': '1.0.0' },
      500,
    ],
    ['PATCH of another content type is 415', ({ send }) => send('PATCH', { 'upload-offset': '0' }, HALF), 415, {}, 0],
    [
      'PATCH with parameters of the content type is 415',
      ({ patch }) => patch(0, HALF, { 'content-type': `${CHUNK_TYPE}; charset=utf-8` }),
      415,
      {},
      0,
    ],
    ['PATCH after the offset is 409', ({ patch }) => patch(500, HALF), 409, { 'upload-offset': '0' }, 0],
    [
      'PATCH before the offset is 409',
      async ({ patch }) => {
        await patch(0, HALF);
        return patch(0, HALF);
      },
      409,
      { 'upload-offset': '500' },
      500,
    ],
    ['PATCH without an offset is 400', ({ send }) => send('PATCH', { 'content-type': CHUNK_TYPE }, HALF), 400, {}, 0],
    ['PATCH with a negative offset is 400', ({ patch }) => patch(-1, HALF), 400, {}, 0],
    ['PATCH with a broken offset is 400', ({ patch }) => patch(0, HALF, { 'upload-offset': '0x0' }), 400, {}, 0],
    ['PATCH without bytes is stored', ({ patch }) => patch(0, null), 204, { 'upload-offset': '0' }, 0],
    [
      'PATCH without bytes at the end of a complete file is stored',
      async ({ patch }) => {
        await patch(0, BODY);
        return patch(BYTES, null);
      },
      204,
      { 'upload-offset': '1000' },
      1_000,
    ],
    ['PATCH beyond the length is 413', ({ patch }) => patch(0, testBytes(BYTES + 1)), 413, {}, 0],
    [
      'PATCH of another version is 412, with the supported ones',
      ({ patch }) => patch(0, HALF, { 'tus-resumable': '0.2.2' }),
      412,
      { 'tus-version': '1.0.0' },
      0,
    ],
    ['PATCH without a version is 412', ({ patch }) => patch(0, HALF, { 'tus-resumable': '' }), 412, {}, 0],
    ['HEAD of another version is 412', ({ send }) => send('HEAD', { 'tus-resumable': '2.0.0' }), 412],
    [
      'OPTIONS has the versions, the extensions and the checksums, with any version',
      ({ send }) => send('OPTIONS', { 'tus-resumable': '0.2.2' }),
      204,
      {
        'tus-version': '1.0.0',
        'tus-extension': 'creation,creation-with-upload,expiration,checksum,termination',
        'tus-checksum-algorithm': 'sha1,sha256',
      },
    ],
    [
      'X-HTTP-Method-Override replaces the method',
      ({ send }) => send('POST', { ...chunk, 'x-http-method-override': 'PATCH' }, HALF),
      204,
      { 'upload-offset': '500' },
      500,
    ],
    [
      'X-HTTP-Method-Override may name HEAD',
      ({ send }) => send('POST', { 'x-http-method-override': 'HEAD' }),
      200,
      { 'upload-offset': '0' },
    ],
    ['an unknown method is 405, with the known ones', ({ send }) => send('GET'), 405, { allow: /PATCH/ }],
  ],
  creation: [
    ['POST is 201, with the same URL', ({ send }) => send('POST', LENGTH), 201, { location: /\/uploads\// }, 0],
    ['POST of another length is refused', ({ send }) => send('POST', { 'upload-length': '999' }), 400, {}, 0],
    ['POST of a larger length is 413', ({ send }) => send('POST', { 'upload-length': '1001' }), 413, {}, 0],
    ['POST without a length is 400', ({ send }) => send('POST'), 400, {}, 0],
    ['POST with a negative length is 400', ({ send }) => send('POST', { 'upload-length': '-1' }), 400, {}, 0],
    ['POST with a deferred length is 400', ({ send }) => send('POST', { 'upload-defer-length': '1' }), 400, {}, 0],
    [
      'POST takes metadata of any kind',
      ({ send }) => send('POST', { ...LENGTH, 'upload-metadata': 'filename d29ybGQ=,is_ok' }),
      201,
      {},
      0,
    ],
    [
      'HEAD has the metadata of the creation',
      async ({ send }) => {
        await send('POST', { ...LENGTH, 'upload-metadata': 'filename d29ybGQ=,is_ok' });
        return send('HEAD');
      },
      200,
      { 'upload-metadata': 'filename d29ybGQ=,is_ok' },
      0,
    ],
    [
      'HEAD has the metadata of a creation with bytes',
      async ({ send }) => {
        await send('POST', { ...LENGTH, 'content-type': CHUNK_TYPE, 'upload-metadata': 'name YQ==' }, BODY);
        return send('HEAD');
      },
      200,
      { 'upload-metadata': 'name YQ==', 'upload-offset': '1000' },
      1000,
    ],
    ['HEAD has no metadata without any', ({ send }) => send('HEAD'), 200, { 'upload-metadata': null }, 0],
    [
      'POST takes 4,096 characters of metadata',
      ({ send }) => send('POST', { ...LENGTH, 'upload-metadata': `a ${'b'.repeat(4_094)}` }),
      201,
      {},
      0,
    ],
    [
      'POST with more metadata is 400',
      ({ send }) => send('POST', { ...LENGTH, 'upload-metadata': `a ${'b'.repeat(4_095)}` }),
      400,
      {},
      0,
    ],
    [
      'POST with bytes stores them',
      ({ send }) => send('POST', { ...LENGTH, 'content-type': CHUNK_TYPE }, HALF),
      201,
      { 'upload-offset': '500', location: /\/uploads\// },
      500,
    ],
    [
      'POST with bytes of another content type is 415',
      ({ send }) => send('POST', { ...LENGTH, 'content-type': 'text/plain' }, HALF),
      415,
      {},
      0,
    ],
    [
      'POST of an upload that has begun keeps its bytes',
      async ({ send, patch }) => {
        await patch(0, HALF);
        return send('POST', LENGTH);
      },
      201,
      { 'upload-offset': '500' },
      500,
    ],
    [
      'POST with bytes of an upload that has begun is 409',
      async ({ send, patch }) => {
        await patch(0, HALF);
        return send('POST', { ...LENGTH, 'content-type': CHUNK_TYPE }, HALF);
      },
      409,
      {},
      500,
    ],
  ],
  expiration: [
    ['POST has the expiry as an HTTP date', ({ send }) => send('POST', LENGTH), 201, { 'upload-expires': / GMT$/ }],
    ['PATCH has the expiry as an HTTP date', ({ patch }) => patch(0, HALF), 204, { 'upload-expires': / GMT$/ }],
  ],
  checksum: [
    [
      'a chunk with the right SHA-1 is stored',
      async ({ patch }) => patch(0, HALF, { 'upload-checksum': `sha1 ${await digest('SHA-1', HALF)}` }),
      204,
      {},
      500,
    ],
    [
      'a chunk with the right SHA-256 is stored',
      async ({ patch }) => patch(0, HALF, { 'upload-checksum': `sha256 ${await digest('SHA-256', HALF)}` }),
      204,
      {},
      500,
    ],
    [
      'a chunk with a wrong checksum is 460, and not stored',
      async ({ patch }) => patch(0, HALF, { 'upload-checksum': `sha1 ${await digest('SHA-1', BODY)}` }),
      460,
      { 'upload-offset': '0' },
      0,
    ],
    [
      'a chunk with a checksum that no bytes have is 460',
      ({ patch }) => patch(0, HALF, { 'upload-checksum': `sha1 ${'A'.repeat(28)}` }),
      460,
      { 'upload-offset': '0' },
      0,
    ],
    [
      'a chunk with an unknown algorithm is 400',
      ({ patch }) => patch(0, HALF, { 'upload-checksum': 'md5 1B2M2Y8AsgTpgAmY7PhCfg==' }),
      400,
      { 'tus-checksum-algorithm': 'sha1,sha256' },
      0,
    ],
    [
      'a chunk with a broken checksum is 400',
      ({ patch }) => patch(0, HALF, { 'upload-checksum': 'sha1 !' }),
      400,
      {},
      0,
    ],
    [
      'a chunk with a hexadecimal checksum is 400',
      ({ patch }) => patch(0, HALF, { 'upload-checksum': `sha1 ${'a'.repeat(40)}` }),
      400,
      {},
      0,
    ],
    [
      'a creation with bytes and a wrong checksum is 460, and stores nothing',
      async ({ send }) =>
        send(
          'POST',
          { ...LENGTH, 'content-type': CHUNK_TYPE, 'upload-checksum': `sha1 ${await digest('SHA-1', BODY)}` },
          HALF,
        ),
      460,
      {},
      0,
    ],
  ],
  termination: [
    ['DELETE of a new upload is 204', ({ send }) => send('DELETE'), 204, { 'tus-resumable': '1.0.0' }, null],
    [
      'DELETE of an upload that has begun is 204, and its bytes are gone',
      async ({ send, patch }) => {
        await patch(0, HALF);
        return send('DELETE');
      },
      204,
      {},
      null,
    ],
    [
      'DELETE of an ended upload is 410',
      async ({ send }) => {
        await send('DELETE');
        return send('DELETE');
      },
      410,
      {},
      null,
    ],
    [
      'PATCH of an ended upload is 410',
      async ({ send, patch }) => {
        await send('DELETE');
        return patch(0, HALF);
      },
      410,
      {},
      null,
    ],
    [
      'POST of an ended upload is 410',
      async ({ send }) => {
        await send('DELETE');
        return send('POST', LENGTH);
      },
      410,
      {},
      null,
    ],
    [
      'DELETE of a finished upload is 410, and its file stays',
      async ({ send, patch }) => {
        await patch(0, BODY);
        return send('DELETE');
      },
      410,
      {},
      BYTES,
    ],
    ['DELETE without a version is 412', ({ send }) => send('DELETE', { 'tus-resumable': '' }), 412, {}, 0],
  ],
  'the limit of a chunk': [
    [
      'is stated in the refusal of a larger one',
      async ({ permit }) => {
        const large = await openUpload(2 * CHUNK_BYTES_MAX, { mediaId: permit.mediaId });
        return large.patch(0, testBytes(CHUNK_BYTES_MAX + 1));
      },
      413,
      {},
      0,
    ],
  ],
};

describe.for(Object.entries(RULES))('tus, %s:', ([, rows]) => {
  it.for(rows)('%s', async ([, send, status, headers = {}, offset], { expect }) => {
    const upload = await openUpload(BYTES);
    const response = await send(upload);
    expect([response.status, status < 400 || (await response.text())]).toEqual([
      status,
      status < 400 || expect.any(String),
    ]);
    for (const [name, value] of Object.entries(headers)) {
      const actual = response.headers.get(name);
      if (value instanceof RegExp) expect(actual, name).toMatch(value);
      else expect(actual, name).toBe(value);
    }
    if (offset === null) expect((await upload.send('HEAD')).status).toBe(410);
    else if (offset !== undefined) expect(await upload.offset()).toBe(offset);
  });
});

describe('a finished upload', () => {
  it('whose URL gets a DELETE keeps its media', async ({ expect }) => {
    const upload = await openUpload(BYTES);
    await upload.patch(0, BODY);
    const before = await upload.recorded();
    expect(before).toEqual(expect.any(String));
    expect((await upload.send('DELETE')).status).toBe(410);
    expect(await upload.recorded()).toBe(before);
  });
});

describe('the location of a created upload', () => {
  it('is the URL of the request', async ({ expect }) => {
    const upload = await openUpload(BYTES);
    expect((await upload.send('POST', LENGTH)).headers.get('location')).toBe(upload.url);
  });
});

describe('a chunk with a checksum over several rows', () => {
  const large = testBytes(8 * 1_048_576);

  it.for(['SHA-1', 'SHA-256'] as const)('is stored if its %s is right', async (algorithm, { expect }) => {
    const upload = await openUpload(20_000_000);
    const name = algorithm === 'SHA-1' ? 'sha1' : 'sha256';
    await upload.patch(0, HALF);
    const checksum = `${name} ${await digest(algorithm, large)}`;
    expect((await upload.patch(500, large, { 'upload-checksum': checksum })).status).toBe(204);
    expect(await upload.offset()).toBe(500 + large.byteLength);
  });

  it('is discarded as a whole if its checksum is wrong', async ({ expect }) => {
    const upload = await openUpload(20_000_000);
    await upload.patch(0, HALF);
    const checksum = `sha1 ${await digest('SHA-1', HALF)}`;
    expect((await upload.patch(500, large, { 'upload-checksum': checksum })).status).toBe(460);
    expect(await upload.offset()).toBe(500);
  });
});

describe('an upload URL', () => {
  it('that has expired is 410', async ({ expect }) => {
    const upload = await openUpload(BYTES, { expiresAtMs: Date.now() - 1 });
    expect((await upload.patch(0, BODY)).status).toBe(410);
    expect((await upload.send('HEAD')).status).toBe(410);
  });

  it('with a forged token is 404', async ({ expect }) => {
    const upload = await openUpload(BYTES);
    const { exports } = await import('cloudflare:workers');
    for (const url of [upload.url.slice(0, -1), `${upload.url}A`, 'https://gateway.test/uploads/guessed']) {
      expect((await exports.default.fetch(url, { method: 'HEAD', headers: TUS })).status).toBe(404);
    }
  });
});
