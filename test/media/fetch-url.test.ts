import { describe, it } from 'vitest';
import { fetchFile } from '../../src/media/fetch-url.ts';
import type { Receipt } from '../../src/media/receive.ts';
import { startTimer } from '../../src/lib/time.ts';

interface Site {
  readonly pages: Readonly<Record<string, Response | Error>>;
  readonly receipt?: Receipt;
  readonly allowsLoopback?: boolean;
}

/** Fetches a URL from a site of given pages. Returns what was asked for, too. */
async function fetchFrom(url: string, { pages, receipt = 'STORED', allowsLoopback = false }: Site) {
  const asked: string[] = [];
  const inits: RequestInit[] = [];
  const fetched = await fetchFile(url, {
    async fetch(page, init) {
      asked.push(page);
      inits.push(init);
      const answer = pages[page];
      if (answer instanceof Response) return answer;
      throw answer ?? new Error('no such page');
    },
    receive: async () => receipt,
    kind: 'VIDEO',
    bytesMax: 1_000,
    allowsLoopback,
    now: Date.now,
    startTimer,
  });
  return { fetched, asked, inits, code: fetched.ok ? null : fetched.problem.code };
}

function file(headers: Record<string, string> = {}, status = 200): Response {
  return new Response('bytes', { status, headers });
}

function redirect(location: string, status = 302): Response {
  return new Response(null, { status, headers: { location } });
}

const URL_OF_FILE = 'https://cdn.example.com/a.mp4';

describe('the fetch of a URL', () => {
  it('follows no redirect by itself, and sends no headers of its own', async ({ expect }) => {
    const { fetched, inits } = await fetchFrom(URL_OF_FILE, { pages: { [URL_OF_FILE]: file() } });
    expect(fetched).toEqual({ ok: true });
    expect(inits).toEqual([{ redirect: 'manual', signal: expect.any(AbortSignal) }]);
  });

  it('follows up to three redirects', async ({ expect }) => {
    const pages = {
      [URL_OF_FILE]: redirect('/b.mp4', 301),
      'https://cdn.example.com/b.mp4': redirect('https://other.example.com/c?x=1#part', 307),
      'https://other.example.com/c?x=1': redirect('d', 308),
      'https://other.example.com/d': file(),
    };
    expect((await fetchFrom(URL_OF_FILE, { pages })).fetched).toEqual({ ok: true });
    const endless = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`https://a.example.com/${i}`, redirect(`/${i + 1}`)]),
    );
    const { fetched, asked } = await fetchFrom('https://a.example.com/0', { pages: endless });
    expect(asked).toHaveLength(4);
    expect(fetched).toMatchObject({ ok: false, isFinal: true, problem: { code: 'FETCH_FAILED' } });
  });

  it.for([
    'http://cdn.example.com/a.mp4',
    'https://127.0.0.1/a.mp4',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/a.mp4',
    'https://metadata.google.internal/a.mp4',
    'https://localhost/a.mp4',
    'https://cdn.example.com:8443/a.mp4',
    'https://user:password@cdn.example.com/a.mp4',
    'ftp://cdn.example.com/a.mp4',
    'http://127.0.0.1:8788/a.mp4',
  ])('asks no private host, neither at once nor by a redirect: %s', async (url, { expect }) => {
    const direct = await fetchFrom(url, { pages: {} });
    expect([direct.code, direct.asked]).toEqual(['URL_NOT_ALLOWED', []]);
    const redirected = await fetchFrom(URL_OF_FILE, { pages: { [URL_OF_FILE]: redirect(url) } });
    expect([redirected.code, redirected.asked]).toEqual(['URL_NOT_ALLOWED', [URL_OF_FILE]]);
  });

  it.for(['http://localhost:8788/a.mp4', 'http://127.0.0.1:8788/a.mp4', 'http://[::1]:8788/a.mp4'])(
    'asks this computer in local development only: %s',
    async (url, { expect }) => {
      const pages = { [url]: file() };
      expect((await fetchFrom(url, { pages, allowsLoopback: true })).fetched.ok).toBe(true);
      expect((await fetchFrom(url, { pages })).code).toBe('URL_NOT_ALLOWED');
    },
  );

  it.for([
    'http://10.0.0.1/a.mp4',
    'http://localhost.evil.test/a.mp4',
    'http://u@localhost/a.mp4',
    'ftp://localhost/a',
  ])('asks no other private host in local development: %s', async (url, { expect }) => {
    const { fetched, asked } = await fetchFrom(url, { pages: {}, allowsLoopback: true });
    expect([fetched.ok, asked]).toEqual([false, []]);
  });

  it('refuses a file that is too large, by its header and while it is read', async ({ expect }) => {
    const pages = { [URL_OF_FILE]: file({ 'content-length': '1001' }) };
    expect(await fetchFrom(URL_OF_FILE, { pages })).toMatchObject({
      fetched: { isFinal: true },
      code: 'FILE_TOO_LARGE',
    });
    const read = await fetchFrom(URL_OF_FILE, { pages: { [URL_OF_FILE]: file() }, receipt: 'FILE_TOO_LARGE' });
    expect(read).toMatchObject({ fetched: { isFinal: true }, code: 'FILE_TOO_LARGE' });
  });

  it.for<[what: string, answer: Response | Error, isFinal: boolean]>([
    ['a page that is not there', file({}, 404), true],
    ['a refusal', file({}, 403), true],
    ['a part of a file', file({}, 206), true],
    ['a host that is busy', file({}, 503), false],
    ['too many requests', file({}, 429), false],
    ['a host that does not answer', new Error('refused'), false],
    ['a redirect without a target', new Response(null, { status: 302 }), true],
  ])('fails with %s', async ([, answer, isFinal], { expect }) => {
    const { fetched, code } = await fetchFrom(URL_OF_FILE, { pages: { [URL_OF_FILE]: answer } });
    expect([fetched, code]).toMatchObject([{ ok: false, isFinal }, 'FETCH_FAILED']);
    expect(JSON.stringify(fetched)).not.toContain('example.com');
  });

  it.for<Receipt>(['CUT', 'IDLE', 'INTERRUPTED', 'BUCKET_DOWN'])(
    'is repeated after a body that ended with %s',
    async (receipt, { expect }) => {
      const { fetched } = await fetchFrom(URL_OF_FILE, { pages: { [URL_OF_FILE]: file() }, receipt });
      expect(fetched).toMatchObject({ ok: false, isFinal: false });
    },
  );
});
