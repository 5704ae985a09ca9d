import { describe, it } from 'vitest';
import { type CopyOrder, type CopyOutcome, createCopyFile } from '../../src/ledger/archive.ts';
import type { StartTimer } from '../../src/lib/time.ts';
import { env, openSandbox } from '../support/ledger.ts';

openSandbox('archive-copy');

const MB = 1_000_000;

type Source = (url: string, init: RequestInit) => Response | Promise<Response>;

interface Copied {
  readonly outcome: CopyOutcome;
  readonly stored: R2Object | null;
  readonly asked: readonly string[];
}

/** Copies from a scripted source into the real bucket. */
async function copyFrom(
  source: Source,
  options: Partial<CopyOrder> & { readonly loopback?: boolean; readonly startTimer?: StartTimer } = {},
): Promise<Copied> {
  const { loopback = false, startTimer = () => () => {}, ...order } = options;
  const asked: string[] = [];
  const copy = createCopyFile({
    bucket: env.MEDIA,
    fetch: async (url, init) => {
      asked.push(url);
      return source(url, init);
    },
    allowsLoopback: loopback,
    startTimer,
  });
  const key = `archive-copy/${crypto.randomUUID()}`;
  const given = {
    url: 'https://cdn.example.com/v.mp4',
    kind: 'VIDEO' as const,
    reserve: () => 1_000 * MB,
    begun: () => {},
  };
  const outcome = await copy({ ...given, ...order, key });
  return { outcome, stored: await env.MEDIA.head(key), asked };
}

function streamOf(chunks: Iterable<Uint8Array | Error>): ReadableStream<Uint8Array> {
  const left = chunks[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { value, done } = left.next();
      if (done === true) controller.close();
      else if (value instanceof Error) controller.error(value);
      else controller.enqueue(value);
    },
  });
}

function* chunksOf(bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += 250_000) yield new Uint8Array(Math.min(250_000, bytes - at)).fill(at % 251);
}

function answer(body: BodyInit | null, headers: Record<string, string> = {}, status = 200): Source {
  return () => new Response(body, { status, headers });
}

/** Ten bytes without a length. */
const TEN_BYTES: Source = () => new Response(streamOf(chunksOf(10)));

describe('a result', () => {
  it('whose length is known is streamed as one file, with the extension of its type', async ({ expect }) => {
    const { outcome, stored } = await copyFrom(
      () =>
        new Response(streamOf(chunksOf(12 * MB)), {
          headers: { 'content-length': `${12 * MB}`, 'content-type': 'video/quicktime; x=y' },
        }),
    );
    expect(outcome).toEqual({ ok: true, bytes: 12 * MB, extension: 'mov' });
    expect([stored?.size, stored?.httpMetadata?.contentType]).toEqual([12 * MB, 'video/quicktime']);
  });

  it.for([
    ['of 3 bytes', 3],
    ['of exactly one part', 5 * 1024 * 1024],
    ['of one part and a byte', 5 * 1024 * 1024 + 1],
    ['of several parts', 12 * MB],
  ] as const)('without a length is stored whole: one %s', async ([, bytes], { expect }) => {
    const { outcome, stored } = await copyFrom(() => new Response(streamOf(chunksOf(bytes))));
    expect(outcome).toEqual({ ok: true, bytes, extension: 'mp4' });
    expect(stored?.size).toBe(bytes);
  });

  it('is stored with a type of its kind, whatever its sender says', async ({ expect }) => {
    const html = answer('<script>', { 'content-length': '8', 'content-type': 'text/html' });
    const { outcome, stored } = await copyFrom(html, { kind: 'IMAGE', url: 'https://cdn.example.com/f.PNG?x=1' });
    expect([outcome, stored?.httpMetadata?.contentType]).toEqual([
      { ok: true, bytes: 8, extension: 'png' },
      'image/png',
    ]);
  });

  it('is not stored in part', async ({ expect }) => {
    const broken = new Error('the connection is lost');
    const cases: readonly (readonly [name: string, Source])[] = [
      [
        'a body that is shorter than it says',
        () => new Response(streamOf(chunksOf(9)), { headers: { 'content-length': '10' } }),
      ],
      [
        'a body that is longer than it says',
        () => new Response(streamOf(chunksOf(11)), { headers: { 'content-length': '10' } }),
      ],
      [
        'a body that breaks',
        () => new Response(streamOf([...chunksOf(9), broken]), { headers: { 'content-length': '10' } }),
      ],
      ['a body without a length that breaks', () => new Response(streamOf([...chunksOf(9 * MB), broken]))],
      ['an empty body', answer('', { 'content-length': '0' })],
      ['an empty body without a length', () => new Response(streamOf([]))],
      ['no body', answer(null)],
      ['a refusal', answer('gone', {}, 404)],
      ['a part of the file', answer('part', {}, 206)],
      ['a source that cannot be reached', () => Promise.reject(new Error('no route'))],
    ];
    for (const [name, source] of cases) {
      const { outcome, stored } = await copyFrom(source);
      expect([name, outcome.ok, !outcome.ok && outcome.isFinal, stored]).toEqual([name, false, false, null]);
    }
  });

  it('of more than 100 MB is given up, and an endless one is not read on', async ({ expect }) => {
    const large = await copyFrom(
      () => new Response(streamOf(chunksOf(9)), { headers: { 'content-length': `${100 * MB + 1}` } }),
    );
    expect(large.outcome).toMatchObject({ ok: false, isFinal: true });
    let sent = 0;
    const endless = (function* () {
      for (;;) {
        sent += MB;
        yield new Uint8Array(MB);
      }
    })();
    const { outcome, stored } = await copyFrom(() => new Response(streamOf(endless)));
    expect([outcome, stored]).toEqual([
      { ok: false, reason: 'the file is larger than 100000000 bytes', isFinal: true },
      null,
    ]);
    expect(sent).toBeLessThan(110 * MB);
  });

  it('that ends within its time is stored, and one that does not is aborted', async ({ expect }) => {
    let ring: (() => void) | null = null;
    const startTimer: StartTimer = (_ms, onTime) => {
      ring = onTime;
      return () => {};
    };
    const slow: Source = (_url, { signal }) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new Uint8Array(1));
          signal?.addEventListener('abort', () => controller.error(signal.reason));
          queueMicrotask(() => ring?.());
        },
      });
      return new Response(body, { headers: { 'content-length': '10' } });
    };
    const { outcome, stored } = await copyFrom(slow, { startTimer });
    expect([outcome, stored]).toEqual([{ ok: false, reason: 'not copied within 60000 ms', isFinal: false }, null]);
    const hanging = await copyFrom(() => new Promise(() => queueMicrotask(() => ring?.())), { startTimer });
    expect(hanging.outcome).toMatchObject({ reason: 'not copied within 60000 ms' });
  });

  it('needs room: the length that it says, or what it turns out to have', async ({ expect }) => {
    const known = answer('0123456789', { 'content-length': '10' });
    expect((await copyFrom(known, { reserve: () => 9 })).outcome).toMatchObject({ isFull: true, isFinal: false });
    expect((await copyFrom(known, { reserve: () => 10 })).outcome).toMatchObject({ ok: true });
    expect((await copyFrom(TEN_BYTES, { reserve: () => 9 })).outcome).toMatchObject({ isFull: true });
    expect((await copyFrom(TEN_BYTES, { reserve: () => 10 })).outcome).toMatchObject({ ok: true });
  });
});

/** Redirects this often, then answers. */
function hops(count: number): Source {
  return (url) => {
    const n = Number(new URL(url).searchParams.get('n') ?? 0);
    return n < count
      ? new Response(null, { status: 302, headers: { location: `/v.mp4?n=${n + 1}` } })
      : new Response('bytes', { headers: { 'content-length': '5' } });
  };
}

describe('a forged result that leads into a private network', () => {
  it.for([
    'http://cdn.example.com/v.mp4',
    'https://127.0.0.1/v.mp4',
    'https://localhost/v.mp4',
    'https://[::1]/v.mp4',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/v.mp4',
    'https://cdn.example.com:8443/v.mp4',
    'https://user:password@cdn.example.com/v.mp4',
    'https://metadata.internal/v.mp4',
    'ftp://cdn.example.com/v.mp4',
    'file:///etc/passwd',
    'data:video/mp4,x',
    'no url',
  ])('is not requested, at once or after a redirect: %s', async (url, { expect }) => {
    const direct = await copyFrom(answer('secret', { 'content-length': '6' }), { url });
    expect([direct.outcome.ok, direct.asked, direct.stored]).toEqual([false, [], null]);
    const redirect = await copyFrom(answer(null, { location: url }, 302));
    // A text without a scheme is a path of the same host.
    if (url !== 'no url') expect([redirect.outcome.ok, redirect.asked.length]).toEqual([false, 1]);
    expect(redirect.outcome.ok).toBe(false);
  });

  it('on this machine is requested only while Kling is a sandbox on this machine', async ({ expect }) => {
    const source = answer('bytes', { 'content-length': '5' });
    for (const url of ['http://localhost:8789/v.mp4', 'http://127.0.0.1:8789/v.mp4', 'http://[::1]:8789/v.mp4']) {
      expect((await copyFrom(source, { url, loopback: true })).outcome.ok).toBe(true);
      expect((await copyFrom(source, { url })).asked).toEqual([]);
    }
    for (const url of ['http://10.0.0.1/v.mp4', 'http://cdn.example.com/v.mp4', 'http://127.0.0.1.example.com/v.mp4']) {
      expect((await copyFrom(source, { url, loopback: true })).asked).toEqual([]);
    }
  });

  it('is followed for three redirects, and not for a fourth', async ({ expect }) => {
    expect((await copyFrom(hops(3))).outcome.ok).toBe(true);
    const { outcome, asked } = await copyFrom(hops(4));
    expect([outcome, asked.length]).toEqual([{ ok: false, reason: 'more than 3 redirects', isFinal: true }, 4]);
  });
});
