import { describe, it } from 'vitest';
import { measure } from '../../src/sandbox/media/measure.ts';
import { lipSyncInput, openStillAccount, scan, send } from './support.ts';

async function get(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await send('GET', path)).arrayBuffer());
}

async function measureAt(path: string) {
  const bytes = await get(path);
  return await measure({ bytes: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end) });
}

const part = async (range: string) => {
  const response = await send('GET', '/files/video/a.mp4', { headers: { range } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, range: response.headers.get('content-range'), bytes };
};

describe('files', () => {
  const kinds: readonly [string, string, (bytes: Uint8Array) => string, string][] = [
    ['video/a.mp4', 'video/mp4', (bytes) => String.fromCharCode(...bytes.subarray(4, 8)), 'ftyp'],
    ['image/b%2F.png', 'image/png', (bytes) => String.fromCharCode(...bytes.subarray(1, 4)), 'PNG'],
    ['audio/c.mp3', 'audio/mpeg', (bytes) => ((bytes[0]! << 8) | (bytes[1]! & 0xe0)).toString(16), 'ffe0'],
    ['examples/d-10s.mp4', 'video/mp4', (bytes) => String.fromCharCode(...bytes.subarray(4, 8)), 'ftyp'],
  ];
  it.for(kinds)('include %s, in its format', async ([path, type, magic, expected], { expect }) => {
    const response = await send('GET', `/files/${path}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-length')).toBe(String(bytes.byteLength));
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(magic(bytes)).toBe(expected);
    expect(bytes.byteLength).toBeLessThan(100_000);
  });

  it('are served in ranges', async ({ expect }) => {
    const whole = await get('/files/video/a.mp4');
    const size = whole.byteLength;
    expect(await part('bytes=4-7')).toEqual({ status: 206, range: `bytes 4-7/${size}`, bytes: whole.slice(4, 8) });
    expect(await part('bytes=100-')).toEqual({
      status: 206,
      range: `bytes 100-${size - 1}/${size}`,
      bytes: whole.slice(100),
    });
    expect(await part('bytes=-10')).toMatchObject({ status: 206, bytes: whole.slice(-10) });
    expect(await part(`bytes=${size}-`)).toMatchObject({ status: 416, range: `bytes */${size}` });
    expect(await part('bytes=0-1,4-5')).toMatchObject({ status: 200 });
  });

  it('answer HEAD and OPTIONS, and answer 403 after they have expired', async ({ expect }) => {
    expect((await send('HEAD', '/files/image/a.png')).headers.get('content-type')).toBe('image/png');
    expect((await send('OPTIONS', '/files/image/a.png')).headers.get('access-control-allow-headers')).toBe('range');
    expect((await send('GET', '/files/video/a.mp4?x-expires=1')).status).toBe(403);
    for (const path of ['video/a.png', 'other/a.mp4', 'video', '', 'examples/a-7s.mp4', 'examples/a.avi']) {
      expect((await send('GET', `/files/${path}`)).status).toBe(404);
    }
    expect((await send('POST', '/files/video/a.mp4')).status).toBe(405);
  });
});

describe('a file', () => {
  const video = { format: 'mp4', width: 1280, height: 720, hasSound: true };
  const audio = { format: 'mp3', width: 0, height: 0, hasSound: true };
  const cases: readonly [string, object, number][] = [
    ['examples/interview-sandbox-two-faces-10s.mp4', video, 10_000],
    ['examples/interview-sandbox-two-faces-5s.mp4', video, 5000],
    ['examples/clip-10s.mp4', video, 10_000],
    ['examples/clip.mp4', video, 10_000],
    ['examples/clip-5s.mp4', video, 5000],
    ['examples/hello-5s.mp3', audio, 5000],
    ['examples/narrator-12s.mp3', audio, 12_000],
    ['examples/hello-2.5s.mp3', audio, 2500],
    ['examples/long-60s.mp3', audio, 60_000],
    ['video/1-5s.mp4', video, 5000],
    ['video/1-watermark-10s.mp4', video, 10_000],
    ['video/1-60s.mp4', video, 10_000],
    ['audio/1-7s.mp3', audio, 7000],
  ];
  it.for(cases)('%s has the measures of its name', async ([path, facts, durationMs], { expect }) => {
    const measured = await measureAt(`/files/${path}`);
    expect(measured).toMatchObject(facts);
    expect(measured!.durationMs - durationMs).toBeGreaterThanOrEqual(0);
    expect(measured!.durationMs - durationMs).toBeLessThan(24);
  });

  it('shows one or two faces, or a watermark', async ({ expect }) => {
    const sizes = ['examples/a-10s.mp4', 'examples/sandbox-two-faces-10s.mp4', 'video/1-watermark-10s.mp4'].map(
      async (path) => (await get(`/files/${path}`)).byteLength,
    );
    expect(new Set(await Promise.all(sizes)).size).toBe(3);
    expect(await get('/files/image/1-0-1.png')).not.toEqual(await get('/files/image/1-0-2.png'));
  });
});

describe('a result', () => {
  it('is a file of its length, until a control call deletes it', async ({ expect }) => {
    const account = await openStillAccount('deleted-file');
    const created = await account.post('/v1/videos/advanced-lip-sync', lipSyncInput(await scan(account)));
    await account.advance(created.data.task_id, 'succeed');
    const read = async () =>
      (await account.get(`/v1/videos/advanced-lip-sync/${encodeURIComponent(created.data.task_id)}`)).data.task_result
        .videos[0];
    const { url, pathname, search } = await read().then((file) => ({ ...file, ...pick(new URL(file.url)) }));
    expect(url).toMatch(/-10s\.mp4\?x-expires=\d+$/);
    expect(await measureAt(`${pathname}${search}`)).toMatchObject({ durationMs: 10_000 });
    expect((await send('DELETE', `/sandbox${pathname}`)).status).toBe(204);
    expect((await send('GET', `${pathname}${search}`)).status).toBe(404);
    const later = pick(new URL((await read()).url));
    expect((await send('HEAD', `${later.pathname}${later.search}`)).status).toBe(404);
    expect((await send('GET', `/files/video/another-10s.mp4`)).status).toBe(200);
  });
});

function pick({ pathname, search }: URL): { readonly pathname: string; readonly search: string } {
  return { pathname, search };
}
