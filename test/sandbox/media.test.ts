import { describe, it } from 'vitest';
import { send } from './support.ts';

const part = async (range: string) => {
  const response = await send('GET', '/files/video/a.mp4', { headers: { range } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, range: response.headers.get('content-range'), bytes };
};

describe('result files', () => {
  const kinds: readonly [string, string, (bytes: Uint8Array) => string, string][] = [
    ['video/a.mp4', 'video/mp4', (bytes) => String.fromCharCode(...bytes.subarray(4, 8)), 'ftyp'],
    ['image/b%2F.png', 'image/png', (bytes) => String.fromCharCode(...bytes.subarray(1, 4)), 'PNG'],
    ['audio/c.mp3', 'audio/mpeg', (bytes) => ((bytes[0]! << 8) | (bytes[1]! & 0xe0)).toString(16), 'ffe0'],
  ];
  it.for(kinds)('include %s, in its format', async ([path, type, magic, expected], { expect }) => {
    const response = await send('GET', `/files/${path}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-length')).toBe(String(bytes.byteLength));
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(magic(bytes)).toBe(expected);
    expect(bytes.byteLength).toBeLessThan(16_384);
  });

  it('are served in ranges', async ({ expect }) => {
    const whole = new Uint8Array(await (await send('GET', '/files/video/a.mp4')).arrayBuffer());
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
    for (const path of ['video/a.png', 'other/a.mp4', 'video', '']) {
      expect((await send('GET', `/files/${path}`)).status).toBe(404);
    }
    expect((await send('POST', '/files/video/a.mp4')).status).toBe(405);
  });
});
