import { describe, it, vi } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import type { BodyLimits } from '../../src/media/receive.ts';
import { buildParts, slowBody, withStorage } from '../support/upload-parts.ts';
import { testBytes } from '../support/uploads.ts';

const MIB = 1_048_576;
const FILE = testBytes(3 * MIB);
const LIMITS: BodyLimits = { length: null, bodyMax: Infinity, fileMax: FILE.byteLength, checksum: null };

function failEach(): never {
  throw new Error('the bucket is down');
}

/** Starts to receive a body. Resolves with the receipt. */
async function start(parts: ReturnType<typeof buildParts>, body: ReadableStream<Uint8Array>, limits = LIMITS) {
  const turn = await parts.takeTurn();
  const receipt = await parts.receive(body, limits, turn);
  turn.end();
  return receipt;
}

describe('a body', () => {
  it('whose connection is lost keeps every byte that arrived', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, FILE.byteLength);
      const body = slowBody();
      const receipt = start(parts, body.stream);
      body.send(FILE.slice(0, MIB + 12_345));
      await expect.poll(() => parts.store.received()).toBe(MIB);
      body.cut();
      expect(await receipt).toBe('CUT');
      expect(buildParts(storage, FILE.byteLength).store.received()).toBe(MIB + 12_345);
    }));

  it('of a dead connection is stopped by the next request, which continues after its last byte', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, FILE.byteLength);
      const dead = slowBody();
      const first = start(parts, dead.stream);
      dead.send(FILE.slice(0, MIB + 7));
      await expect.poll(() => parts.store.received()).toBe(MIB);
      const next = slowBody();
      const second = start(parts, next.stream);
      expect(await first).toBe('INTERRUPTED');
      expect(parts.store.received()).toBe(MIB + 7);
      // The old body is cancelled, so bytes of it that arrive now go nowhere.
      expect(() => dead.send(FILE.slice(0, MIB))).toThrow('closed');
      next.send(FILE.slice(MIB + 7));
      next.end();
      expect(await second).toBe('STORED');
      expect(parts.store.received()).toBe(FILE.byteLength);
    }));

  it('of each of three requests at once is received alone, and the newest wins', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, FILE.byteLength);
      const bodies = [slowBody(), slowBody(), slowBody()];
      const receipts = bodies.map((body) => start(parts, body.stream));
      for (const body of bodies) {
        body.send(FILE);
        body.end();
      }
      const [first, second, third] = await Promise.all(receipts);
      expect(third).toBe('STORED');
      expect([first, second]).not.toContain('FILE_TOO_LARGE');
    }));

  it('that goes beyond the file loses its last row only', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, FILE.byteLength);
      const body = slowBody();
      body.send(FILE);
      body.send(FILE.slice(0, 1));
      body.end();
      expect(await start(parts, body.stream)).toBe('FILE_TOO_LARGE');
      expect([parts.store.received(), parts.store.state?.phase]).toEqual([2 * MIB, 'RECEIVING']);
    }));

  it('that exceeds the limit of a request is stored up to the limit', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, FILE.byteLength);
      const body = slowBody();
      body.send(FILE);
      body.end();
      expect(await start(parts, body.stream, { ...LIMITS, bodyMax: MIB + 9 })).toBe('BODY_TOO_LARGE');
      expect(parts.store.received()).toBe(MIB + 9);
    }));

  it('with a checksum stores nothing if its connection is lost', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, FILE.byteLength);
      const turn = await parts.takeTurn();
      const body = slowBody();
      const checksum = { algorithm: 'SHA-1', digest: '' } as const;
      const receipt = parts.receive(body.stream, { ...LIMITS, checksum }, turn);
      body.send(FILE.slice(0, 2 * MIB + 1));
      await expect.poll(() => storage.sql.exec('SELECT count(*) AS n FROM chunk').one()).toEqual({ n: 2 });
      expect(parts.store.received()).toBe(0);
      body.cut();
      expect(await receipt).toBe('CUT');
      expect(storage.sql.exec('SELECT count(*) AS n FROM chunk').one()).toEqual({ n: 0 });
    }));

  it('is refused while the bucket is down, and what is stored stays below two parts', ({ expect }) =>
    withStorage(async (storage) => {
      const large = testBytes(20 * MIB);
      const parts = buildParts(storage, large.byteLength, { watch: failEach });
      const limits = { ...LIMITS, fileMax: large.byteLength };
      for (const received of [5 * MIB, 5 * MIB]) {
        const body = slowBody();
        body.send(large.slice(parts.store.received()));
        body.end();
        expect(await start(parts, body.stream, limits)).toBe('BUCKET_DOWN');
        expect(parts.store.received()).toBe(received);
      }
      const healed = buildParts(storage, large.byteLength);
      const body = slowBody();
      body.send(large.slice(5 * MIB));
      body.end();
      expect(await start(healed, body.stream, limits)).toBe('STORED');
      // The last part waits for the end of the file. All others lie in the bucket, and their rows are deleted.
      expect(storage.sql.exec('SELECT sum(length(bytes)) AS bytes FROM chunk').one()).toEqual({ bytes: 5 * MIB });
    }));
});

const LARGE = testBytes(12 * MIB);
const PART = 6 * MIB;

/** The limits of a body that announces its length. */
function announced(length: number) {
  return { length, bodyMax: Infinity, fileMax: LARGE.byteLength, checksum: null };
}

function rowsOf(storage: DurableObjectStorage): number {
  return storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM chunk').one().n;
}

/** Sends a whole body with the next bytes of the large file. */
async function sendWhole(parts: ReturnType<typeof buildParts>, length: number) {
  const body = slowBody();
  const offset = parts.store.received();
  body.send(LARGE.slice(offset, offset + length));
  body.end();
  return start(parts, body.stream, announced(length));
}

/** Sends some bytes of a body, and loses the connection once `isUnderWay`. */
async function sendAndLose(parts: ReturnType<typeof buildParts>, sent: number, isUnderWay: () => boolean) {
  const body = slowBody();
  const offset = parts.store.received();
  const receipt = start(parts, body.stream, announced(PART));
  body.send(LARGE.slice(offset, offset + sent));
  await vi.waitUntil(isUnderWay);
  body.cut();
  return receipt;
}

describe('a body that holds a whole part', () => {
  it('is streamed into the bucket without rows, and parts have the size of the first body', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, LARGE.byteLength);
      for (const count of [1, 2]) {
        expect(await sendWhole(parts, PART)).toBe('STORED');
        expect([parts.store.received(), parts.store.parts().length, rowsOf(storage)]).toEqual([count * PART, count, 0]);
      }
      await parts.finisher.run();
      expect(parts.outcomes.at(-1)).toMatchObject({ status: 'READY', sha256: await sha256(LARGE) });
    }));

  it('is lost with its connection once; after that every byte is kept until a body arrives whole', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, LARGE.byteLength);
      expect(await sendAndLose(parts, 2 * MIB, () => parts.store.state?.isStreaming === true)).toBe('CUT');
      expect([parts.store.received(), rowsOf(storage)]).toEqual([0, 0]);

      // The process ends meanwhile.
      const next = buildParts(storage, LARGE.byteLength);
      expect(await sendAndLose(next, 2 * MIB + 3, () => next.store.received() === 2 * MIB)).toBe('CUT');
      expect(next.store.received()).toBe(2 * MIB + 3);
      expect(await sendWhole(next, PART - 2 * MIB - 3)).toBe('STORED');

      expect(await sendWhole(next, PART)).toBe('STORED');
      expect([next.store.parts().length, rowsOf(storage)]).toEqual([2, 0]);
      await next.finisher.run();
      expect(next.outcomes.at(-1)).toMatchObject({ status: 'READY', sha256: await sha256(LARGE) });
    }));

  it('of a dead connection is stopped by the next request', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, LARGE.byteLength);
      const dead = slowBody();
      const first = start(parts, dead.stream, announced(PART));
      dead.send(LARGE.slice(0, MIB));
      const second = sendWhole(parts, PART);
      expect([await first, await second]).toEqual(['INTERRUPTED', 'STORED']);
      expect(await sendWhole(parts, PART)).toBe('STORED');
      await parts.finisher.run();
      expect(parts.outcomes.at(-1)).toMatchObject({ status: 'READY', sha256: await sha256(LARGE) });
    }));

  it('that ends before its announced length is cut', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, LARGE.byteLength);
      const body = slowBody();
      body.send(LARGE.slice(0, PART - 1));
      body.end();
      expect(await start(parts, body.stream, announced(PART))).toBe('CUT');
      expect(parts.store.received()).toBe(0);
    }));

  it('is refused while the bucket is down', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, LARGE.byteLength, { watch: failEach });
      expect(await sendWhole(parts, PART)).toBe('BUCKET_DOWN');
      const healed = buildParts(storage, LARGE.byteLength);
      expect(healed.store.received()).toBe(0);
      expect(await sendWhole(healed, PART)).toBe('STORED');
    }));

  it('goes through rows if it has a checksum, so that a wrong one stores nothing', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, LARGE.byteLength);
      const body = slowBody();
      body.send(LARGE.slice(0, PART));
      body.end();
      const checksum = { algorithm: 'SHA-1', digest: '' } as const;
      expect(await start(parts, body.stream, { ...announced(PART), checksum })).toBe('WRONG_CHECKSUM');
      expect([parts.store.received(), parts.store.parts().length]).toEqual([0, 0]);
    }));
});

describe('rows', () => {
  it('stay few although a client sends one byte at a time', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, FILE.byteLength);
      for (let i = 0; i < 300; i += 1) {
        const body = slowBody();
        body.send(FILE.slice(i, i + 1));
        body.end();
        await start(parts, body.stream);
      }
      expect(parts.store.received()).toBe(300);
      expect(storage.sql.exec('SELECT count(*) AS n FROM chunk').one()).toEqual({ n: 1 });
    }));

  it('have at most 1 MiB, also if a short one is extended', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, FILE.byteLength);
      for (const [start_, end] of [
        [0, 60_000],
        [60_000, 60_000 + MIB],
        [60_000 + MIB, 2 * MIB + 5],
      ] as const) {
        const body = slowBody();
        body.send(FILE.slice(start_, end));
        body.end();
        await start(parts, body.stream);
      }
      const { bytes } = storage.sql.exec<{ bytes: number }>('SELECT max(length(bytes)) AS bytes FROM chunk').one();
      expect(bytes).toBeLessThanOrEqual(MIB);
      expect(parts.store.received()).toBe(2 * MIB + 5);
    }));
});
