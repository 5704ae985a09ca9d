import { describe, it } from 'vitest';
import { type CopyFile, createCopyFile } from '../../src/ledger/archive.ts';
import { fileKey } from '../../src/auth/signed-token.ts';
import { bytesKept } from '../../src/ledger/stores/files.ts';
import { archiveOf, copier, finishLipSync, KLING, ringUntil, VIDEO, withArchive } from '../support/archive.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { createParts, DAY_MS, type LedgerParts } from '../support/ledger-parts.ts';

openSandbox('archive-interrupted');

/** A result on a public host. */
const RESULT = { ...VIDEO, url: 'https://cdn.example.com/v.mp4', watermarkUrl: null };

/** A file of two parts and a rest. */
const FILE_BYTES = 11_000_000;

/** Creates the upload, sends three parts, and completes the file. */
const CALLS = ['create', 'part 1', 'part 2', 'part 3', 'complete'] as const;

/** A bucket whose object dies at one call. It notes the ids of all uploads. */
interface DyingBucket {
  readonly bucket: R2Bucket;
  readonly uploadIds: string[];
  /** Resolves when the object has died. */
  readonly died: Promise<void>;
}

/** The `nth` call, and each later one, never returns. `isReceived`: the bucket runs the call, and the answer is lost. */
function dyingBucket(nth: number, isReceived: boolean): DyingBucket {
  const death = Promise.withResolvers<void>();
  const uploadIds: string[] = [];
  let calls = 0;

  async function call<T>(work: () => Promise<T>): Promise<T> {
    calls += 1;
    const isDead = calls >= nth;
    if (isDead && (calls > nth || !isReceived)) {
      death.resolve();
      return new Promise<never>(() => {});
    }
    const result = await work();
    if (!isDead) return result;
    death.resolve();
    return new Promise<never>(() => {});
  }

  const uploadOf = (upload: R2MultipartUpload): R2MultipartUpload => ({
    key: upload.key,
    uploadId: upload.uploadId,
    abort: () => call(() => upload.abort()),
    complete: (parts) => call(() => upload.complete(parts)),
    uploadPart: (n, value) => call(() => upload.uploadPart(n, value)),
  });
  const bucket = new Proxy(env.MEDIA, {
    get(target, name) {
      if (name === 'createMultipartUpload') {
        return (...order: Parameters<R2Bucket['createMultipartUpload']>) =>
          call(async () => {
            const upload = await target.createMultipartUpload(...order);
            uploadIds.push(upload.uploadId);
            return uploadOf(upload);
          });
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { bucket, uploadIds, died: death.promise };
}

/** Copies a file whose length its sender does not tell, so that it is stored in parts. */
function copyInto(bucket: R2Bucket, bytes = FILE_BYTES): CopyFile {
  return createCopyFile({
    bucket,
    fetch: async () => {
      let left = bytes;
      const body = new ReadableStream({
        pull(controller) {
          const some = Math.min(left, 1_000_000);
          if (some > 0) controller.enqueue(new Uint8Array(some).fill(7));
          left -= some;
          if (left === 0) controller.close();
        },
      });
      return new Response(body);
    },
    allowsLoopback: false,
    startTimer: () => () => {},
  });
}

/** Returns whether the bucket still takes parts of an upload. */
function isOpen(key: string, uploadId: string): Promise<boolean> {
  return env.MEDIA.resumeMultipartUpload(key, uploadId)
    .uploadPart(9, 'text')
    .then(
      () => true,
      () => false,
    );
}

/** Finishes a task with one video, and lets the object die during its copy. Returns the id of the task and the key. */
async function interrupt(
  parts: LedgerParts,
  storage: DurableObjectStorage,
  { bucket, died }: DyingBucket,
): Promise<{ readonly id: string; readonly key: string }> {
  const id = await finishLipSync(parts, RESULT);
  const dying = createParts(storage, { kling: KLING, copy: copyInto(bucket), bucket });
  dying.clock.nowMs = parts.clock.nowMs;
  await dying.alarmHandler.run();
  await died;
  const { file } = storage.sql.exec<{ file: string }>('SELECT id AS file FROM archive_file').one();
  return { id, key: fileKey('t', file) };
}

/** Creates the object again. */
function reborn(parts: LedgerParts, storage: DurableObjectStorage, bucket = env.MEDIA): LedgerParts {
  const again = createParts(storage, { kling: KLING, copy: copyInto(bucket), bucket });
  again.clock.nowMs = parts.clock.nowMs;
  return again;
}

/** Every instant at which the object can die: while a call is under way, and after the bucket has received it. */
const DEATHS = CALLS.flatMap((name, i) => [
  { name, nth: i + 1, isReceived: false },
  { name, nth: i + 1, isReceived: true },
]);

describe('a ledger that dies during a copy in parts', () => {
  it.for(DEATHS.filter(({ nth }) => nth > 1))(
    'aborts what is begun, and copies again: at $name, received: $isReceived',
    async ({ nth, isReceived }, { expect }) => {
      const { copy } = copier();
      await withArchive(`interrupted ${nth} ${isReceived}`, { copy }, async (parts, storage) => {
        const dying = dyingBucket(nth, isReceived);
        const { id, key } = await interrupt(parts, storage, dying);
        const [uploadId = ''] = dying.uploadIds;
        expect(await isOpen(key, uploadId)).toBe(!(isReceived && nth === CALLS.length));
        const again = reborn(parts, storage);
        // The next alarm is that of the repeated copy.
        again.clock.nowMs = again.alarmHandler.nextAtMs()!;
        await again.alarmHandler.run();
        await again.settle();
        expect(await isOpen(key, uploadId)).toBe(false);
        await ringUntil(again, again.clock.nowMs + DAY_MS);
        expect((await env.MEDIA.head(key))?.size).toBe(FILE_BYTES);
        expect([Object.keys(archiveOf(again, id)!.files), bytesKept(storage.sql)]).toEqual([['video:0'], FILE_BYTES]);
        expect(again.deps.doomed.nextAtMs()).toBeNull();
      });
    },
  );

  it('has begun nothing if the bucket did not receive the beginning', async ({ expect }) => {
    await withArchive('interrupted first', { copy: copier().copy }, async (parts, storage) => {
      const dying = dyingBucket(1, false);
      const { key } = await interrupt(parts, storage, dying);
      const again = reborn(parts, storage);
      await ringUntil(again, again.clock.nowMs + DAY_MS);
      expect([dying.uploadIds, (await env.MEDIA.head(key))?.size]).toEqual([[], FILE_BYTES]);
    });
  });

  it('aborts what is begun if the task is deleted, if there is no more room, or if it gives up', async ({ expect }) => {
    const ends: Readonly<Record<string, (sql: SqlStorage) => void>> = {
      deleted: (sql) => void sql.exec('DELETE FROM task'),
      full: (sql) => void sql.exec('UPDATE file_sum SET bytes = 1000000000000'),
      'given up': (sql) => void sql.exec('UPDATE archive_file SET tries = 30'),
    };
    for (const [name, end] of Object.entries(ends)) {
      await withArchive(`interrupted ${name}`, { copy: copier().copy }, async (parts, storage) => {
        const dying = dyingBucket(3, true);
        const { key } = await interrupt(parts, storage, dying);
        end(storage.sql);
        const again = reborn(parts, storage);
        again.clock.nowMs = again.alarmHandler.nextAtMs()!;
        await again.alarmHandler.run();
        await again.settle();
        expect([name, await isOpen(key, dying.uploadIds[0]!), await env.MEDIA.head(key)]).toEqual([name, false, null]);
      });
    }
  });

  it('aborts what is begun once the bucket is up again', async ({ expect }) => {
    let failures = 2;
    const failing = new Proxy(env.MEDIA, {
      get(target, name) {
        if (name === 'resumeMultipartUpload' && failures > 0) {
          failures -= 1;
          return () => ({ abort: () => Promise.reject(new Error('the bucket is away (10001)')) });
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await withArchive('interrupted away', { copy: copier().copy }, async (parts, storage) => {
      const dying = dyingBucket(2, true);
      const { key } = await interrupt(parts, storage, dying);
      const again = reborn(parts, storage, failing);
      await ringUntil(again, again.clock.nowMs + DAY_MS);
      expect([failures, await isOpen(key, dying.uploadIds[0]!)]).toEqual([0, false]);
    });
  });
});

describe('a copy in parts that fails', () => {
  it('is aborted at once', async ({ expect }) => {
    const keys: (readonly [key: string, uploadId: string])[] = [];
    const copy: CopyFile = async ({ key, begun }) => {
      const { uploadId } = await env.MEDIA.createMultipartUpload(key);
      keys.push([key, uploadId]);
      begun(uploadId);
      return { ok: false, reason: 'the connection is lost', isFinal: false };
    };
    await withArchive('fails', { copy }, async (parts) => {
      await finishLipSync(parts, RESULT);
      await parts.alarmHandler.run();
      await parts.settle();
      expect(parts.alarmHandler.nextAtMs()).toBe(parts.clock.nowMs);
      await parts.alarmHandler.run();
      await parts.settle();
      expect(await Promise.all(keys.map((file) => isOpen(...file)))).toEqual([false]);
    });
  });

  it('is aborted also if the bucket begins it after the end of the copy', async ({ expect }) => {
    let late: (() => Promise<readonly [key: string, uploadId: string]>) | null = null;
    const copy: CopyFile = async ({ key, begun }) => {
      late = async () => {
        const { uploadId } = await env.MEDIA.createMultipartUpload(key);
        begun(uploadId);
        return [key, uploadId];
      };
      return { ok: false, reason: 'too late', isFinal: true };
    };
    await withArchive('fails late', { copy }, async (parts) => {
      await finishLipSync(parts, RESULT);
      await parts.alarmHandler.run();
      await parts.settle();
      const file = await late!();
      expect(await isOpen(...file)).toBe(true);
      await ringUntil(parts, parts.clock.nowMs + 90_000);
      expect(await isOpen(...file)).toBe(false);
    });
  });

  it('needs nothing more if the bucket does not know it any more', async ({ expect }) => {
    const refused = new Error('abortMultipartUpload: The specified multipart upload does not exist. (10024)');
    const gone = new Proxy(env.MEDIA, {
      get(target, name) {
        if (name === 'resumeMultipartUpload') return () => ({ abort: () => Promise.reject(refused) });
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await withArchive('fails gone', { copy: copier().copy, bucket: gone }, async (parts) => {
      parts.deps.doomed.addUnfinished('upload', 'file', parts.clock.nowMs);
      await parts.alarmHandler.run();
      await parts.settle();
      expect(parts.deps.doomed.nextAtMs()).toBeNull();
    });
  });
});

function unused(): Promise<never> {
  return Promise.reject(new Error('unused'));
}

it('a copy whose bucket begins it after the deadline sends no part', async ({ expect }) => {
  const calls: string[] = [];
  let ring: (() => void) | null = null;
  const copy = createCopyFile({
    bucket: {
      put: unused,
      async createMultipartUpload() {
        ring?.();
        await Promise.resolve();
        const upload = { key: '', uploadId: 'late', abort: unused, complete: unused };
        return {
          ...upload,
          uploadPart() {
            calls.push('part');
            return unused();
          },
        };
      },
    },
    fetch: async () => new Response(new Uint8Array(6_000_000), { headers: { 'content-encoding': 'x' } }),
    allowsLoopback: false,
    startTimer: (_ms, onTime) => {
      ring = onTime;
      return () => {};
    },
  });
  const order = { url: RESULT.url, key: 'k', kind: 'VIDEO', reserve: () => 1e9 } as const;
  const outcome = await copy({ ...order, begun: (id) => void calls.push(id) });
  expect([outcome.ok, calls]).toEqual([false, ['late']]);
});
