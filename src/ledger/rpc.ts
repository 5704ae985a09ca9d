import {
  type Ledger,
  NEEDS_KEY,
  type TaskReference,
  type WriteInput,
  type WriteName,
  type WriteResult,
} from '../domain/ports.ts';
import type { TaskRecord } from '../domain/records.ts';
import { type ErrorCode, type Failure, fromResult, GatewayError, type Result } from '../errors.ts';
import { createBatch, createBoundedCache } from '../lib/cache.ts';
import type { Log } from '../lib/log.ts';
import type { TaskLedger, WritesByRpc } from './task-ledger.ts';

/** The caller, for the log. */
export interface LedgerCaller {
  /** Undefined if no request causes the calls. */
  readonly requestId?: string;
  /** Called for each task that was created, changed, or read by its id. */
  readonly onTask?: (taskId: string) => void;
  /** Called for each write and each quote that the ledger refused. */
  readonly onRefusal?: (code: ErrorCode) => void;
  readonly log: Log;
}

/**
 * Creates the port through which the schema uses a tenant's ledger. Throws failures as `GatewayError`s. Reads the objects
 * that are asked for one by one, such as those of `nodes`, by one call per kind.
 */
export function createLedgerPort(
  ledger: DurableObjectStub<TaskLedger>,
  { requestId, onTask, onRefusal, log }: LedgerCaller,
): Ledger {
  const reach = createReach(log, requestId);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `TaskLedger` implements it, and a stub has the same methods
  const writes = ledger as unknown as WritesByRpc;
  const readTask = createBatch({
    load: (references: readonly TaskReference[]) => reach(ledger.tasksOf(references, requestId)),
    textOf: ({ id, externalId }) => (id === undefined ? `external ${externalId}` : `id ${id}`),
  });

  const readReceived = createBatch({
    load: async (ids: readonly string[]) => fromResult(await reach(ledger.receivedBytesOf(ids))),
  });

  let quoting: Promise<unknown> = Promise.resolve();

  return {
    async write(name, input) {
      const result = await reach(writes[name](input, requestId), interruptedWrite(name, input));
      if (!result.ok) onRefusal?.(result.failure.code);
      const written = fromResult(result);
      if (isTask(written)) onTask?.(written.id);
      if (isBatch(written)) {
        for (const each of written) {
          if (each.ok) onTask?.(each.value.id);
          else onRefusal?.(each.failure.code);
        }
      }
      return written;
    },
    async task(reference) {
      const task = await readTask(reference);
      if (task !== null) onTask?.(task.id);
      return task;
    },
    tasks: async (filter, window, order) => fromResult(await reach(ledger.tasks(filter, window, order))),
    faceScan: createBatch({ load: (ids: readonly string[]) => reach(ledger.faceScansOf(ids)) }),
    faceScans: async (window) => fromResult(await reach(ledger.faceScans(window))),
    speech: createBatch({ load: (ids: readonly string[]) => reach(ledger.speechesOf(ids)) }),
    speeches: async (window) => fromResult(await reach(ledger.speeches(window))),
    voice: createBatch({ load: (ids: readonly string[]) => reach(ledger.voicesOf(ids)) }),
    voices: async (window) => fromResult(await reach(ledger.voices(window))),
    mediaById: createBatch({ load: (ids: readonly string[]) => reach(ledger.mediaOf(ids)) }),
    media: async (window) => fromResult(await reach(ledger.media(window))),
    receivedBytes: async (mediaId) => (await readReceived(mediaId)) ?? 0,
    queuePosition: createBatch({ load: (ids: readonly string[]) => reach(ledger.queuePositionsOf(ids)) }),
    async events(watch, window) {
      const slice = fromResult(await reach(ledger.events(watch, window)));
      if (watch.task !== null && slice.edges.length > 0) onTask?.(watch.task.id);
      return slice;
    },
    fileUsage: () => reach(ledger.fileUsage()),
    usage: (month) => reach(ledger.usage(month)),
    async lipSyncQuote(input) {
      // One after another, as the mutations of a request: each may carry megabytes of audio.
      const quote = quoting.then(() => reach(ledger.lipSyncQuote(input, requestId)));
      quoting = quote.catch(() => {});
      const result = await quote;
      if (!result.ok) onRefusal?.(result.failure.code);
      return fromResult(result);
    },
    webhookEndpoint: createBatch({ load: (ids: readonly string[]) => reach(ledger.webhookEndpointsOf(ids)) }),
    webhookEndpoints: () => reach(ledger.webhookEndpoints()),
    webhookDelivery: createBatch({
      load: async (ids: readonly string[]) => fromResult(await reach(ledger.webhookDeliveriesOf(ids))),
    }),
    webhookDeliveries: async (endpointId, status, window) =>
      fromResult(await reach(ledger.webhookDeliveries(endpointId, status, window))),
  };
}

/** Returns the failure of a write whose ledger was lost. The ledger may have stored the write, and then carries it out. */
function interruptedWrite(name: WriteName, input: WriteInput<WriteName>): Failure {
  if (!NEEDS_KEY[name]) return INTERRUPTED;
  const inputs = 'inputs' in input ? input.inputs : [input];
  if (inputs.every((each) => 'externalId' in each && typeof each.externalId === 'string')) {
    const message =
      'The gateway was interrupted. Repeat the call with the same external id: it is never carried out twice.';
    return { ...INTERRUPTED, message };
  }
  const message =
    'The gateway was interrupted. The call may have been carried out, and charged. A repeat may be charged again.';
  return { code: INTERRUPTED.code, message, retryable: false };
}

function isBatch(result: WriteResult<WriteName>): result is WriteResult<'createLipSyncTasks'> {
  return Array.isArray(result);
}

function isTask(result: WriteResult<WriteName>): result is TaskRecord {
  return 'klingTaskId' in result && 'kind' in result;
}

interface ReadLeasesOptions {
  /** The setting: the reads of Kling that a tenant may make per minute. */
  readonly perMinute: number;
  /** Asks the tenant's ledger for reads. It grants as many as it can, at least one, or refuses. */
  readonly lease: (tenant: string, wanted: number) => Promise<Result<number>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Takes one read of Kling for a tenant. Throws `RATE_LIMITED` if none is left. */
export type TakeRead = (tenant: string) => Promise<void>;

const LEASE_MS = 10_000;
const LEASED_AT_ONCE_MAX = 10;
const TENANTS = { charsPerEntryMax: 1_024, charsMax: 65_536 };

/**
 * Creates a Worker's share of the reads that tenants may make at Kling. The ledger counts the reads. A Worker leases
 * several at once, so that most reads cost no call. A read that it does not use within 10 s is lost to the tenant. Build
 * one per isolate.
 */
export function createReadLeases({ perMinute, lease, now }: ReadLeasesOptions): TakeRead {
  // Leases one read at a time under a small limit, so that an idle isolate does not hold the last one.
  const wanted = Math.max(1, Math.min(LEASED_AT_ONCE_MAX, Math.floor(perMinute / 60)));
  const leases = createBoundedCache<{ left: number; untilMs: number }>(TENANTS);

  return async (tenant) => {
    const held = leases.get(tenant);
    if (held !== undefined && held.left > 0 && now() < held.untilMs) {
      held.left -= 1;
      return;
    }
    const granted = fromResult(await lease(tenant, wanted));
    // A concurrent request of this tenant may have leased meanwhile.
    const before = leases.get(tenant);
    const left = before !== undefined && now() < before.untilMs ? before.left : 0;
    leases.set(tenant, { left: left + granted - 1, untilMs: now() + LEASE_MS });
  };
}

/** Shown for a call that may be repeated as it is. */
export const INTERRUPTED: Failure = {
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'The gateway was interrupted. Repeat the call.',
  retryable: true,
  retryAfterMs: 1_000,
};

/** Awaits a call to an object. Throws `failure`, or `INTERRUPTED`, if the object was lost during the call. */
export type Reach = <C extends PromiseLike<unknown>>(call: C, failure?: Failure) => Promise<Awaited<C>>;

/** Creates the function that awaits calls to ledgers. It logs each ledger that was lost during a call. */
export function createReach(log: Log, requestId?: string): Reach {
  return async function reach<C extends PromiseLike<unknown>>(call: C, failure = INTERRUPTED): Promise<Awaited<C>> {
    try {
      return await call;
    } catch (error) {
      if (!isLost(error)) throw error;
      log({ level: 'warn', message: 'ledger lost during a call', requestId, cause: String(error) });
      throw new GatewayError(failure, { cause: error });
    }
  };
}

/** An error of a call to an object, with the properties that the runtime gives it. */
interface CallError extends Error {
  readonly remote?: boolean;
  readonly retryable?: boolean;
  readonly overloaded?: boolean;
  readonly durableObjectReset?: boolean;
}

/**
 * Returns true if an object was reset, as by a deployment, or is overloaded or out of reach. It may have carried the call
 * out. `remote` marks an error that the object's own code has thrown, which is a bug.
 * Source: Cloudflare docs, "Durable Objects, Error handling", 2026-11. `durableObjectReset` is set by workerd, 2026-11.
 */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { remote, retryable, overloaded, durableObjectReset }: CallError = error;
  return remote !== true && (retryable === true || overloaded === true || durableObjectReset === true);
}
