import { env, exports } from 'cloudflare:workers';
import { afterEach, describe, it, vi } from 'vitest';
import { fileKey } from '../../src/auth/signed-token.ts';
import { CONTENT_TYPES, type MediaExtension } from '../../src/domain/media.ts';
import { ALLOWED_ORIGIN, FOREIGN_ORIGIN } from '../support/browser.ts';
import { openUpload, testBytes } from '../support/uploads.ts';

const BYTES = testBytes(1_000);
Object.assign(env, { CORS_ORIGINS: ALLOWED_ORIGIN });

/** Puts a file into the bucket and returns its URL. */
async function putFile(extension: MediaExtension = 'mp4', expiresAtMs = Date.now() + 7_200_000): Promise<string> {
  const { permit, fileUrl } = await openUpload(BYTES.byteLength);
  await env.MEDIA.put(fileKey(permit.tenant, permit.mediaId), BYTES);
  return fileUrl(extension, expiresAtMs);
}

function get(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Response> {
  return exports.default.fetch(url, { method, headers });
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

afterEach(() => void vi.restoreAllMocks());

describe('a file', () => {
  it.for(Object.entries(CONTENT_TYPES) as [MediaExtension, string][])(
    'named .%s has the content type %s',
    async ([extension, type], { expect }) => {
      const response = await get(await putFile(extension));
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
      expect(await bytesOf(response)).toEqual(BYTES);
    },
  );

  it('can be played on pages of any origin, and is shown instead of downloaded', async ({ expect }) => {
    const response = await get(await putFile(), { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'video' });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cross-origin-resource-policy': 'cross-origin',
      'accept-ranges': 'bytes',
      'content-length': '1000',
      'content-disposition': 'inline',
      'x-content-type-options': 'nosniff',
    });
    expect(response.headers.get('content-security-policy')).toContain("media-src 'self'");
  });

  it.for(['head', 'get'] as const)(
    'whose bucket does not answer to %s is 503 with Retry-After',
    async (call, { expect }) => {
      const url = await putFile();
      const down = vi.spyOn(env.MEDIA, call).mockRejectedValue(new Error('the bucket is down'));
      const response = await get(url);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await response.text()).not.toContain('down');
      down.mockRestore();
      expect((await get(url)).status).toBe(200);
    },
  );

  it('can be read by scripts of allowed origins only', async ({ expect }) => {
    const url = await putFile();
    const allowed = await get(url, { origin: ALLOWED_ORIGIN });
    expect(allowed.headers.get('access-control-allow-origin')).toBe(ALLOWED_ORIGIN);
    expect(allowed.headers.get('access-control-expose-headers')).toContain('content-range');
    const foreign = await get(url, { origin: FOREIGN_ORIGIN });
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([200, null]);
    expect(foreign.headers.get('vary')).toBe('Origin');
  });

  it('is cached by the browser for an hour, but not beyond the life of its URL', async ({ expect }) => {
    const hour = await get(await putFile());
    expect(hour.headers.get('cache-control')).toBe('private, max-age=3600, no-transform');
    const short = await get(await putFile('mp4', Date.now() + 60_500));
    expect(short.headers.get('cache-control')).toMatch(/^private, max-age=(60|59), no-transform$/);
  });

  it('answers HEAD with the headers of GET', async ({ expect }) => {
    const url = await putFile();
    const head = await get(url, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1000', '']);
    expect(head.headers.get('etag')).toBe((await get(url)).headers.get('etag'));
  });

  it('refuses other methods', async ({ expect }) => {
    const url = await putFile();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await get(url, {}, method);
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    }
  });
});

describe('a range', () => {
  it.for([
    ['bytes=0-0', 0, 1],
    ['bytes=0-99', 0, 100],
    ['bytes=990-2000', 990, 1_000],
    ['bytes=500-', 500, 1_000],
    ['bytes=-10', 990, 1_000],
    ['bytes=-5000', 0, 1_000],
  ] as const)('%s has the bytes from %i to before %i', async ([range, start, end], { expect }) => {
    const url = await putFile();
    const response = await get(url, { range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/1000`);
    expect(response.headers.get('content-length')).toBe(String(end - start));
    expect(await bytesOf(response)).toEqual(BYTES.slice(start, end));
    const head = await get(url, { range }, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([206, String(end - start)]);
  });

  it.for(['bytes=1000-', 'bytes=1000-1001', 'bytes=-0'])('beyond the end is 416: %s', async (range, { expect }) => {
    const response = await get(await putFile(), { range });
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */1000']);
  });

  it.for(['bytes=0-1,5-6', 'bytes=5-1', 'bytes=a-b', 'bytes=-', 'items=0-1', `bytes=0-${'9'.repeat(50)}`])(
    'that cannot be read is ignored: %s',
    async (range, { expect }) => {
      const response = await get(await putFile(), { range });
      expect([response.status, response.headers.get('content-length')]).toEqual([200, '1000']);
    },
  );

  it('of another version of the file is answered with the whole file', async ({ expect }) => {
    const url = await putFile();
    const etag = (await get(url, {}, 'HEAD')).headers.get('etag') ?? '';
    expect((await get(url, { range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
    expect((await get(url, { range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  });
});

it('a file that the client has is 304', async ({ expect }) => {
  const url = await putFile();
  const etag = (await get(url, {}, 'HEAD')).headers.get('etag') ?? '';
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const response = await get(url, { 'if-none-match': known });
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag]);
  }
  expect((await get(url, { 'if-none-match': '"other"' })).status).toBe(200);
});

describe('a URL without a file', () => {
  it('looks the same for a forged or expired token, another name, and a deleted file', async ({ expect }) => {
    const url = await putFile();
    const { fileUrl, url: uploadUrl } = await openUpload(1);
    const uploadToken = uploadUrl.split('/').at(-1);
    const urls = [
      'https://gateway.test/media/guessed/clip.mp4',
      `https://gateway.test/media/${uploadToken}/clip.mp4`,
      url.replace('/clip.mp4', '/clip.mp3'),
      url.replace('/clip.mp4', '/other.mp4'),
      url.replace('/clip', 'A/clip'),
      await putFile('mp4', Date.now() - 1),
      await fileUrl(),
    ];
    for (const one of urls) {
      const response = await get(one);
      expect([response.status, await response.text()]).toEqual([404, 'Not found\n']);
    }
  });
});
