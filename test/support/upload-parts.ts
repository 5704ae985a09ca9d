import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import type { MediaOutcome } from '../../src/domain/media.ts';
import { startTimer } from '../../src/lib/time.ts';
import { createBucketFile, type UploadState, UploadStore } from '../../src/media/store.ts';
import { createFinisher, type Inspect } from '../../src/media/finish.ts';
import { createReceive, createTurns } from '../../src/media/receive.ts';

/** The calls of an upload that a test can make fail. */
export type Call =
  | 'createMultipartUpload'
  | 'uploadPart'
  | 'complete'
  | 'put'
  | 'get'
  | 'head'
  | 'delete'
  | 'inspect'
  | 'report';

/** Called before and after each call. If it throws, the upload loses the result, as in a crash at this point. */
export type Watch = (call: Call, moment: 'before' | 'after') => void;

export interface PartsOptions {
  readonly watch?: Watch;
  /** The ledger's answer to a report. */
  readonly isKept?: boolean;
  readonly inspect?: Inspect;
}

const KEY = 'of-a-test';

/** Inspects nothing, and finds a usable video. */
const inspectNothing: Inspect = async () => ({
  facts: { extension: 'mp4', durationMs: 3_000, width: 1_280, height: 720, codecs: ['avc'], hasAudio: false },
  problems: [],
});

/** Builds the parts of an upload on the storage of an object, as after an eviction. */
export function buildParts(storage: DurableObjectStorage, bytes: number, options: PartsOptions = {}) {
  const { watch = () => {}, isKept = true, inspect = inspectNothing } = options;
  const store = new UploadStore(storage);
  const key = `${KEY}/${store.state?.mediaId ?? crypto.randomUUID()}`;
  if (store.state === null) store.save(initialState(key.slice(KEY.length + 1), bytes));
  const outcomes: MediaOutcome[] = [];

  async function watched<T>(call: Call, work: () => Promise<T>): Promise<T> {
    watch(call, 'before');
    const result = await work();
    watch(call, 'after');
    return result;
  }
  function watchedUpload(upload: R2MultipartUpload) {
    return {
      uploadId: upload.uploadId,
      uploadPart: (...given: Parameters<R2MultipartUpload['uploadPart']>) =>
        watched('uploadPart', () => upload.uploadPart(...given)),
      complete: (...given: Parameters<R2MultipartUpload['complete']>) =>
        watched('complete', () => upload.complete(...given)),
      abort: () => upload.abort(),
    };
  }
  const bucket = {
    createMultipartUpload: (name: string) =>
      watched('createMultipartUpload', async () => watchedUpload(await env.MEDIA.createMultipartUpload(name))),
    resumeMultipartUpload: (name: string, id: string) => watchedUpload(env.MEDIA.resumeMultipartUpload(name, id)),
    put: (name: string, body: ReadableStream) => watched('put', () => env.MEDIA.put(name, body)),
    get: (name: string, given?: R2GetOptions) => watched('get', () => env.MEDIA.get(name, given)),
    head: (name: string) => watched('head', () => env.MEDIA.head(name)),
    delete: (name: string) => watched('delete', () => env.MEDIA.delete(name)),
  } as unknown as R2Bucket;

  const file = createBucketFile({ bucket, key: () => key, store, now: Date.now, startTimer });
  const finisher = createFinisher({
    store,
    file,
    inspect: (...given) => watched('inspect', () => inspect(...given)),
    report: (_state, outcome) =>
      watched('report', async () => {
        outcomes.push(outcome);
        return isKept;
      }),
    arm: () => {},
    now: Date.now,
    random: Math.random,
    startTimer,
    log: () => {},
  });
  const receive = createReceive({
    store,
    file,
    stored() {
      const { state } = store;
      if (state?.phase === 'RECEIVING' && store.received() === state.bytes) store.change({ phase: 'FINISHING' });
    },
    now: Date.now,
    startTimer,
  });
  return { store, file, finisher, receive, takeTurn: createTurns(), key, outcomes };
}

/** Runs work with the storage of a new object. */
export function withStorage<T>(work: (storage: DurableObjectStorage) => Promise<T>): Promise<T> {
  const stub = env.UPLOAD.getByName(crypto.randomUUID());
  return runInDurableObject(stub, (_object, { storage }) => work(storage));
}

function initialState(mediaId: string, bytes: number): UploadState {
  return {
    tenant: 'uploader',
    mediaId,
    kind: 'VIDEO',
    bytes,
    sha256: null,
    expiresAtMs: Date.now() + 3_600_000,
    url: null,
    phase: 'RECEIVING',
    multipartId: null,
    partBytes: 5 * 1_048_576,
    isStreaming: false,
    foundSha256: null,
    inspections: 0,
    outcome: null,
    failures: 0,
    wakeAtMs: 0,
  };
}

/** A body that sends its pieces as the test asks for it. */
export interface SlowBody {
  readonly stream: ReadableStream<Uint8Array>;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  end(): void;
  /** Ends the body as a lost connection does. */
  cut(): void;
}

export function slowBody(): SlowBody {
  let controller: ReadableByteStreamController | null = null;
  const stream = new ReadableStream({
    type: 'bytes',
    start(given) {
      controller = given;
    },
  }) as ReadableStream<Uint8Array>;
  return {
    stream,
    send: (bytes) => controller?.enqueue(bytes.slice()),
    end: () => controller?.close(),
    cut: () => controller?.error(new Error('Network connection lost.')),
  };
}
