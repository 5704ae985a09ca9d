import { env as bindings } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { expect } from 'vitest';
import type { TaskChangeEvent } from '../../src/domain/ports.ts';
import type { Failure } from '../../src/errors.ts';
import type { Result } from '../../src/ledger/result.ts';
import type { TaskLedger } from '../../src/ledger/task-ledger.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- vitest.config.ts binds it, Wrangler does not know
export const env = bindings as Env & { readonly SANDBOX_URL: string };

export type LedgerStub = DurableObjectStub<TaskLedger>;

/** What the sandbox says it did for an account. */
export interface SandboxRecord {
  readonly requests: readonly { readonly method: string; readonly path: string; readonly code: number | null }[];
  readonly tasks: readonly {
    readonly taskId: string;
    readonly externalTaskId: string | null;
    readonly status: string;
  }[];
  readonly inFlightMax: number;
  readonly unitsCharged: number;
}

export interface TestSandbox {
  record(): Promise<SandboxRecord>;
  /** How many tasks Kling has of one intent of the gateway's. */
  tasksOf(taskId: string): Promise<number>;
  /** How many requests with this method and this path, or beginning of a path, there were. */
  count(method: string, path: string): Promise<number>;
  advance(taskId: string, status: 'processing' | 'succeed' | 'failed'): Promise<void>;
  configure(settings: Record<string, unknown>): Promise<void>;
}

/**
 * Gives the file's gateway a sandbox account nobody else has, and settings of its own. To be called while the file loads:
 * the gateway reads its settings once.
 */
export function openSandbox(name: string, settings: Record<string, string> = {}): TestSandbox {
  const key = `sandbox-access-key-${name}-${crypto.randomUUID().slice(0, 8)}`;
  Object.assign(env, { KLING_ACCESS_KEY: key, ...settings });
  const control = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${env.SANDBOX_URL}/sandbox/accounts/${key}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const record = async (): Promise<SandboxRecord> => (await control('GET', '/record')).json();
  return {
    record,
    tasksOf: async (taskId) => (await record()).tasks.filter((task) => task.externalTaskId === taskId).length,
    count: async (method, path) =>
      (await record()).requests.filter((request) => request.method === method && request.path.startsWith(path)).length,
    async advance(taskId, status) {
      const { status: httpStatus } = await control('POST', `/tasks/${encodeURIComponent(taskId)}/advance`, { status });
      expect(httpStatus).toBe(200);
    },
    async configure(change) {
      expect((await control('PUT', '/settings', change)).status).toBe(200);
    },
  };
}

export const VOICES = '/v1/general/custom-voices';

/** A voice whose course the words of the sandbox decide; by itself it never ends. */
export function voiceInput(externalId: string | null, words = 'sandbox-never-ends', name = 'Ann') {
  return { name, source: { url: `https://example.com/${words}.mp3` }, externalId };
}

/** A lip-sync on a face that is scanned for it; by itself it never ends. */
export async function lipSyncInput(ledger: LedgerStub, externalId: string | null) {
  const video = { url: 'https://example.com/clip-sandbox-never-ends.mp4' };
  const scan = valueOf(await ledger.identifyFaces({ video }));
  return {
    faceId: `${scan.id}:${scan.faces[0]!.faceId}`,
    sound: { url: 'https://example.com/sound.mp3' },
    placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 1000 },
    externalId,
  };
}

export function ledgerOf(tenant: string): LedgerStub {
  return env.TASK_LEDGER.getByName(tenant);
}

/** The value of a result that has to be one. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`it failed: ${JSON.stringify(result.failure)}`);
  return result.value;
}

/** The failure of a result that has to be one. */
export function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error(`it did not fail: ${JSON.stringify(result.value)}`);
  return result.failure;
}

interface StoredTask extends Record<string, SqlStorageValue> {
  readonly phase: string;
  readonly status: string;
  readonly wake_at: number | null;
  readonly tries: number;
  readonly sends: number;
  readonly parts: number;
}

/** The row of a task as it lies in the object; null when there is none. */
export function storedTask(ledger: LedgerStub, taskId: string): Promise<StoredTask | null> {
  return runInDurableObject(ledger, (_instance, state) => {
    const [row] = state.storage.sql
      .exec<StoredTask>(
        `SELECT phase, status, wake_at, tries, sends, (SELECT count(*) FROM request_part WHERE task_id = id) AS parts
         FROM task WHERE id = ?1 OR external_id = ?1`,
        taskId,
      )
      .toArray();
    return row ?? null;
  });
}

/** Lets the time of everything that waits come now, and runs the alarm to its end. */
export function ring(ledger: LedgerStub): Promise<void> {
  return runInDurableObject(ledger, async (instance: TaskLedger, state) => {
    state.storage.sql.exec('UPDATE task SET wake_at = 1 WHERE wake_at IS NOT NULL');
    await instance.alarm();
  });
}

/** Kills the object as a crash would: what is in memory and under way is gone. */
export async function kill(ledger: LedgerStub): Promise<void> {
  await runInDurableObject(ledger, (_instance, state) => state.abort('killed by a test')).catch(() => {});
}

/** Every change that the ledger keeps, of one task or of all; their numbers are checked to be gapless where all are asked for. */
export async function changesOf(ledger: LedgerStub, taskId: string | null = null): Promise<readonly TaskChangeEvent[]> {
  const { edges } = valueOf(await ledger.events(taskId, { first: 1000, after: null }));
  const changes = edges.map(({ node }) => node);
  if (taskId === null) expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, i) => i + 1));
  return changes;
}

export async function statusesOf(ledger: LedgerStub, taskId: string): Promise<readonly string[]> {
  return (await changesOf(ledger, taskId)).map(({ task }) => task.status);
}
