import { DurableObject } from 'cloudflare:workers';
import { fileKey } from '../auth/signed-token.ts';
import { configOf, configResultOf } from '../config/index.ts';
import { type FetchOrder, UPLOAD_MS_MAX, type UploadPermit } from '../domain/media.ts';
import { isLoopback } from '../domain/url.ts';
import { settledWithin, startTimer } from '../lib/time.ts';
import { createObjectAlarm, type ObjectAlarm } from '../lib/durable-object.ts';
import { createLog, type Log } from '../lib/log.ts';
import { type BucketFile, createBucketFile, PART_BYTES_MIN, type UploadState, UploadStore } from './store.ts';
import { createFetching, type Fetching } from './fetch-url.ts';
import { createFinisher, type Finisher, isDue } from './finish.ts';
import { inspectFile } from './inspect.ts';
import { type BodyLimits, createReceive, createTurns, type Receipt, type Receive, type Turn } from './receive.ts';

/** How long the last request of an upload waits for the inspection. */
const INSPECTION_WAIT_MS = 5_000;

/** The answer to a request of an upload. */
export interface UploadAnswer {
  readonly outcome:
    | Receipt
    /** The request's offset is not the upload's. */
    | 'WRONG_OFFSET'
    /** All bytes were there before. */
    | 'COMPLETE'
    /** The upload was ended, or has expired. */
    | 'GONE'
    /** This request has ended the upload. */
    | 'ENDED'
    /** The media cannot be deleted now. */
    | 'LEDGER_DOWN'
    /** The request only asked. */
    | 'OPEN';
  /** The durable bytes from the start of the file. */
  readonly offset: number;
  /** The `Upload-Metadata` of the creation, in an answer to `open`. */
  readonly metadata?: string | undefined;
}

/**
 * The object of one media, named after its id: takes its bytes and stores them in the bucket, has them inspected, and
 * reports the outcome to the ledger. It knows nothing before the first request, which brings the permit. It remembers
 * how it ended until the permit expires, so that the same URL starts no second upload.
 */
export class Upload extends DurableObject<Env> {
  readonly #store: UploadStore;
  readonly #file: BucketFile;
  readonly #receive: Receive;
  readonly #fetching: Fetching;
  readonly #finisher: Finisher;
  readonly #takeTurn: () => Promise<Turn>;
  readonly #alarm: ObjectAlarm;
  readonly #log: Log;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const config = configResultOf(env);
    this.#log = createLog(config.ok ? config.config.logTenant : 'off');
    const store = new UploadStore(ctx.storage);
    this.#store = store;
    this.#alarm = createObjectAlarm(ctx.storage);
    this.#takeTurn = createTurns();
    this.#file = createBucketFile({
      bucket: env.MEDIA,
      key: () => fileKey(store.state?.tenant ?? '', store.state?.mediaId ?? ''),
      store,
      now: Date.now,
      startTimer,
    });
    this.#receive = createReceive({
      store,
      file: this.#file,
      stored: () => this.#bytesStored(),
      now: Date.now,
      startTimer,
    });
    this.#fetching = createFetching({
      store,
      file: this.#file,
      receive: this.#receive,
      takeTurn: this.#takeTurn,
      fetch: (url, init) => fetch(url, init),
      bytesMaxOf: (kind) => {
        const { videoBytesMax, audioBytesMax } = configOf(env).media;
        return kind === 'VIDEO' ? videoBytesMax : audioBytesMax;
      },
      allowsLoopback:
        config.ok && config.config.environment === 'development' && isLoopback(config.config.kling.baseUrl),
      arm: () => this.#arm(),
      now: Date.now,
      random: Math.random,
      startTimer,
    });
    this.#finisher = createFinisher({
      store,
      file: this.#file,
      inspect: inspectFile,
      report: ({ tenant, mediaId }, outcome) => env.TASK_LEDGER.getByName(tenant).mediaChanged(mediaId, outcome),
      arm: () => this.#arm(),
      now: Date.now,
      random: Math.random,
      startTimer,
      log: this.#log,
    });
    // A run of the object's earlier life is not under way any more. A run that has failed waits for its time.
    if (store.state !== null && isDue(store.state) && store.state.failures === 0)
      store.change({ wakeAtMs: Date.now() });
    this.#arm();
  }

  /** Returns how far an upload is, and stops a request that is still sending. Keeps the metadata of a creation. */
  async open(permit: UploadPermit, metadata: string | null = null): Promise<UploadAnswer> {
    const turn = await this.#begin(permit);
    if (metadata !== null && this.#ended() === null) this.#store.change({ metadata });
    turn.end();
    return { ...this.#answer(this.#ended() ?? 'OPEN'), metadata: this.#store.state?.metadata };
  }

  /** Stores a body at an offset. Stops an older request that is still sending. */
  async append(
    permit: UploadPermit,
    offset: number,
    limits: Omit<BodyLimits, 'fileMax'>,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<UploadAnswer> {
    return this.#take(permit, (turn) => {
      const ended = this.#ended();
      if (ended !== 'GONE' && offset !== this.#received()) return 'WRONG_OFFSET';
      if (ended !== null || body === null) return ended ?? 'STORED';
      return this.#receive(body, { ...limits, fileMax: permit.bytes }, turn);
    });
  }

  /** Stores the whole file from its start, instead of what was stored before. Stops a request that is still sending. */
  async replace(
    permit: UploadPermit,
    limits: Omit<BodyLimits, 'fileMax' | 'checksum'>,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<UploadAnswer> {
    return this.#take(permit, async (turn) => {
      const ended = this.#ended();
      if (ended !== null) return ended;
      if (this.#received() > 0 && !(await this.#isRemoved())) return 'BUCKET_DOWN';
      if (body === null) return 'STORED';
      return this.#receive(body, { ...limits, fileMax: permit.bytes, checksum: null }, turn);
    });
  }

  /** Deletes an unfinished media, in the ledger and here. A finished one stays: only `deleteMedia` deletes it. */
  async terminate(permit: UploadPermit): Promise<UploadAnswer> {
    const turn = await this.#begin(permit);
    turn.end();
    const ended = this.#ended();
    if (ended !== null) return this.#answer(ended);
    const deleted = await this.env.TASK_LEDGER.getByName(permit.tenant).deleteMedia({ mediaId: permit.mediaId });
    // The ledger refuses a media that it has deleted before.
    if (!deleted.ok && deleted.failure.code !== 'BAD_USER_INPUT') return this.#answer('LEDGER_DOWN');
    await this.discard();
    return this.#answer('ENDED');
  }

  /** Takes the order to fetch a file. Idempotent. */
  fetchFrom({ url, ...order }: FetchOrder): void {
    if (this.#store.state !== null) return;
    this.#store.save({ ...initialState({ ...order, bytes: null, sha256: null }), url, wakeAtMs: Date.now() });
    this.#arm();
  }

  /** Counts the durable bytes. Stops nothing. */
  receivedBytes(): number {
    return this.#received();
  }

  /** Deletes the file, complete or not, and ends the upload for good. Idempotent. `tenant` finds the file of an old upload. */
  async discard(tenant?: string): Promise<void> {
    const { state } = this.#store;
    if (state?.phase === 'GONE') return;
    if (state === null) this.#store.save(ownerless(tenant ?? '', this.ctx.id.name ?? '', Date.now()));
    await this.#end();
    await this.#finisher.run();
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    const { state } = this.#store;
    if (state === null) return;
    const isExpired = state.expiresAtMs <= Date.now();
    if (isExpired && (state.phase === 'COMPLETE' || state.phase === 'GONE')) return await this.#store.deleteAll();
    if (isExpired && state.phase === 'RECEIVING') await this.#end();
    if (this.#store.state?.phase === 'RECEIVING') await this.#fetching.run();
    await this.#finisher.run();
    this.#arm();
  }

  /** Stops a request that is still sending, and lets the finisher delete everything. */
  async #end(): Promise<void> {
    const turn = await this.#takeTurn();
    if (this.#store.state?.phase !== 'GONE')
      this.#store.change({ phase: 'DELETING', url: null, failures: 0, wakeAtMs: Date.now() });
    this.#arm();
    turn.end();
  }

  async #take(
    permit: UploadPermit,
    work: (turn: Turn) => UploadAnswer['outcome'] | Promise<UploadAnswer['outcome']>,
  ): Promise<UploadAnswer> {
    const turn = await this.#begin(permit);
    let outcome: UploadAnswer['outcome'];
    try {
      outcome = turn.isStopped() ? 'INTERRUPTED' : await work(turn);
    } finally {
      turn.end();
    }
    if (this.#store.state?.phase === 'FINISHING') {
      const finished = this.#finisher.run();
      this.ctx.waitUntil(finished);
      await settledWithin([finished], INSPECTION_WAIT_MS, startTimer);
    }
    return this.#answer(outcome);
  }

  #isRemoved(): Promise<boolean> {
    return this.#file.remove().then(
      () => true,
      () => false,
    );
  }

  async #begin(permit: UploadPermit): Promise<Turn> {
    const turn = await this.#takeTurn();
    if (this.#store.state === null) {
      this.#store.save(initialState(permit));
      this.#arm();
    }
    return turn;
  }

  #received(): number {
    const { state } = this.#store;
    if (state === null || state.phase === 'RECEIVING') return this.#store.received();
    return state.bytes ?? 0;
  }

  #ended(): 'COMPLETE' | 'GONE' | null {
    const { state } = this.#store;
    if (state === null || state.phase === 'RECEIVING') return null;
    return state.phase === 'DELETING' || state.phase === 'GONE' ? 'GONE' : 'COMPLETE';
  }

  #answer(outcome: UploadAnswer['outcome']): UploadAnswer {
    return { outcome, offset: this.#received() };
  }

  #bytesStored(): void {
    const { state } = this.#store;
    if (state?.phase !== 'RECEIVING' || this.#store.received() !== state.bytes) return;
    this.#store.change({ phase: 'FINISHING', wakeAtMs: Date.now() });
    this.#arm();
  }

  #arm(): void {
    const { state } = this.#store;
    if (state === null) return;
    const isWaiting = state.phase === 'RECEIVING' && state.url === null;
    this.#alarm.set(isWaiting ? state.expiresAtMs : state.wakeAtMs);
  }
}

function initialState(permit: Omit<UploadPermit, 'bytes'> & Pick<UploadState, 'bytes'>): UploadState {
  const { tenant, mediaId, kind, bytes, sha256, expiresAtMs } = permit;
  return {
    tenant,
    mediaId,
    kind,
    bytes,
    sha256,
    expiresAtMs,
    url: null,
    phase: 'RECEIVING',
    multipartId: null,
    partBytes: PART_BYTES_MIN,
    isStreaming: false,
    foundSha256: null,
    inspections: 0,
    outcome: null,
    failures: 0,
    wakeAtMs: expiresAtMs,
  };
}

/** The state of an upload that is discarded before its first request, or after its object was deleted. */
function ownerless(tenant: string, mediaId: string, now: number): UploadState {
  return initialState({ tenant, mediaId, kind: 'VIDEO', bytes: 0, sha256: null, expiresAtMs: now + UPLOAD_MS_MAX });
}
