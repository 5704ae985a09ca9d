import { env } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import { IS_FULL } from '../support/depth.ts';
import { buildParts, type Call, slowBody, withStorage } from '../support/upload-parts.ts';
import { testBytes } from '../support/uploads.ts';

const MIB = 1_048_576;
const LARGE = testBytes(11 * MIB + 5);
const SMALL = testBytes(MIB + 5, 2);
const LIMITS = { length: null, bodyMax: Infinity, checksum: null };

/** A point at which an upload crashes, and the file that reaches it. */
type Point = readonly [call: Call, moment: 'before' | 'after', nth: number, file: Uint8Array<ArrayBuffer>];

/** A point, and how the client sends the file. */
type Crash = readonly [...Point, chunkBytes: number, way: 'by rows' | 'streamed'];

/** A crash before a call loses less than one after it, so it is tested in full depth only. */
const MOMENTS = IS_FULL ? (['before', 'after'] as const) : (['after'] as const);

const POINTS: readonly Point[] = MOMENTS.flatMap((moment): Point[] => [
  ['createMultipartUpload', moment, 1, LARGE],
  ['uploadPart', moment, 1, LARGE],
  ['uploadPart', moment, 2, LARGE],
  ['uploadPart', moment, 3, LARGE],
  ['complete', moment, 1, LARGE],
  ['head', moment, 1, LARGE],
  ['get', moment, 1, LARGE],
  ['inspect', moment, 1, LARGE],
  ['report', moment, 1, LARGE],
  ['report', moment, 2, LARGE],
  ['put', moment, 1, SMALL],
]);

const CRASHES: readonly Crash[] = POINTS.flatMap((point): Crash[] => [
  [...point, 3 * MIB, 'by rows'],
  [...point, 5 * MIB, 'streamed'],
]);

/** Sends the rest of a file in chunks, as a client does that asks for the offset after each failure. */
async function sendRest(
  parts: ReturnType<typeof buildParts>,
  file: Uint8Array<ArrayBuffer>,
  chunkBytes = 3 * MIB,
): Promise<void> {
  while (parts.store.state?.phase === 'RECEIVING') {
    const body = slowBody();
    const offset = parts.store.received();
    const bytes = file.slice(offset, offset + chunkBytes);
    body.send(bytes);
    body.end();
    const turn = await parts.takeTurn();
    const limits = { ...LIMITS, length: bytes.byteLength, fileMax: file.byteLength };
    const receipt = await parts.receive(body.stream, limits, turn);
    turn.end();
    if (receipt !== 'STORED') return;
  }
}

/** Sends the first 6 MiB of a file, which hold a whole part. */
async function sendSome(parts: ReturnType<typeof buildParts>, file: Uint8Array<ArrayBuffer>): Promise<void> {
  const body = slowBody();
  body.send(file.slice(0, 6 * MIB));
  body.end();
  const turn = await parts.takeTurn();
  await parts.receive(body.stream, { ...LIMITS, fileMax: file.byteLength }, turn);
  turn.end();
}

describe('a file', () => {
  it.for(CRASHES)(
    'is complete and reported after a crash at %s, %s it, time %i, file %#, in chunks of %i bytes, %s',
    ([call, moment, nth, file, chunkBytes], { expect }) =>
      withStorage(async (storage) => {
        let calls = 0;
        let hasCrashed = false;
        /** From the crash on, nothing of the first life happens. */
        function watch(now: Call, at: 'before' | 'after'): void {
          if (hasCrashed) throw new Error('crashed');
          if (now !== call || at !== moment) return;
          calls += 1;
          hasCrashed = calls === nth;
          if (hasCrashed) throw new Error('crashed');
        }
        const first = buildParts(storage, file.byteLength, { watch });
        await sendRest(first, file, chunkBytes);
        await first.finisher.run();
        expect(hasCrashed).toBe(true);

        const second = buildParts(storage, file.byteLength);
        await sendRest(second, file, chunkBytes);
        await second.finisher.run();
        expect(second.store.state?.phase).toBe('COMPLETE');
        const last = [...first.outcomes, ...second.outcomes].at(-1);
        expect(last).toMatchObject({ status: 'READY', bytes: file.byteLength, sha256: await sha256(file) });
        const stored = await env.MEDIA.get(second.key);
        expect(await sha256(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer()))).toBe(
          await sha256(file),
        );
        expect(second.store.parts()).toEqual([]);
        expect(storage.sql.exec('SELECT count(*) AS n FROM chunk').one()).toEqual({ n: 0 });
      }),
  );

  it('is rejected after two inspections that ended the process', ({ expect }) =>
    withStorage(async (storage) => {
      const hangs = { inspect: () => new Promise<never>(() => {}) };
      const first = buildParts(storage, SMALL.byteLength, hangs);
      await sendRest(first, SMALL);
      for (const inspections of [1, 2]) {
        void buildParts(storage, SMALL.byteLength, hangs).finisher.run();
        await expect.poll(() => buildParts(storage, SMALL.byteLength).store.state?.inspections).toBe(inspections);
      }
      const last = buildParts(storage, SMALL.byteLength);
      await last.finisher.run();
      expect(last.outcomes.at(-1)).toMatchObject({ status: 'REJECTED', problems: [{ code: 'UNSUPPORTED_FORMAT' }] });
      expect(await env.MEDIA.head(last.key)).toBeNull();
    }));

  it('is not rejected for failures of the bucket during inspections', ({ expect }) =>
    withStorage(async (storage) => {
      let failures = 0;
      const failing = {
        inspect: async () => {
          failures += 1;
          throw new Error('the bucket is down');
        },
      };
      await sendRest(buildParts(storage, SMALL.byteLength), SMALL);
      for (let i = 0; i < 4; i += 1) await buildParts(storage, SMALL.byteLength, failing).finisher.run();
      const last = buildParts(storage, SMALL.byteLength);
      await last.finisher.run();
      expect([failures, last.outcomes.at(-1)?.status]).toEqual([4, 'READY']);
    }));

  it.for([
    ['23 hours after its expiry is tried again', 23, 'DELETING'],
    ['a day after its expiry is given up', 24, 'GONE'],
  ] as const)('that cannot be deleted, %s', ([, hours, phase], { expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, LARGE.byteLength, {
        watch() {
          throw new Error('there is no bucket any more');
        },
      });
      parts.store.change({ phase: 'DELETING', expiresAtMs: Date.now() - hours * 3_600_000 });
      await parts.finisher.run();
      expect(parts.store.state?.phase).toBe(phase);
      const waitMs = (parts.store.state?.wakeAtMs ?? 0) - Date.now();
      expect(waitMs > 0).toBe(phase === 'DELETING');
    }),
  );

  it('that its ledger has deleted meanwhile is deleted from the bucket', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, LARGE.byteLength, { isKept: false });
      await sendRest(parts, LARGE);
      await parts.finisher.run();
      expect(parts.store.state?.phase).toBe('GONE');
      expect(await env.MEDIA.head(parts.key)).toBeNull();
    }));

  it('with another SHA-256 than announced is rejected, and deleted from the bucket', ({ expect }) =>
    withStorage(async (storage) => {
      const parts = buildParts(storage, SMALL.byteLength);
      parts.store.change({ sha256: '0'.repeat(64) });
      await sendRest(parts, SMALL);
      await parts.finisher.run();
      expect(parts.outcomes.at(-1)).toMatchObject({
        status: 'REJECTED',
        sha256: await sha256(SMALL),
        problems: [{ code: 'MALFORMED', path: ['source', 'file', 'sha256'] }],
      });
      expect(await env.MEDIA.head(parts.key)).toBeNull();
    }));

  it('that is fetched and fills exactly one part is completed', ({ expect }) =>
    withStorage(async (storage) => {
      const bytes = testBytes(5 * MIB);
      const parts = buildParts(storage, bytes.byteLength);
      const body = slowBody();
      body.send(bytes);
      body.end();
      const turn = await parts.takeTurn();
      // The size of a fetched file is not known before its end.
      expect(await parts.receive(body.stream, { ...LIMITS, fileMax: 100_000_000 }, turn)).toBe('STORED');
      turn.end();
      parts.store.change({ phase: 'FINISHING' });
      await parts.finisher.run();
      expect(parts.outcomes.at(-1)).toMatchObject({ status: 'READY', sha256: await sha256(bytes) });
    }));

  it('that starts over is complete, although its first deletion died after the abort', ({ expect }) =>
    withStorage(async (storage) => {
      const first = buildParts(storage, LARGE.byteLength, {
        watch(call) {
          if (call === 'delete') throw new Error('crashed');
        },
      });
      await sendSome(first, LARGE);
      expect(first.store.parts().length).toBeGreaterThan(0);
      await expect(first.file.remove()).rejects.toThrow('crashed');

      const second = buildParts(storage, LARGE.byteLength);
      await sendRest(second, LARGE);
      await second.finisher.run();
      expect(second.outcomes.at(-1)).toMatchObject({ status: 'READY', sha256: await sha256(LARGE) });
    }));
});
