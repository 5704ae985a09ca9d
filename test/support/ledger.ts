import type { TaskChange } from '../../src/domain/records.ts';
import { env as bindings } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { expect } from 'vitest';
import type { Failure, Result } from '../../src/errors.ts';
import { createKlingClients, type KlingClient } from '../../src/kling/client.ts';
import type { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { sleep, startTimer } from '../../src/lib/time.ts';
import { createSandboxAccount, type SandboxAccount } from './sandbox-account.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- vitest.config.ts binds both, wrangler.toml does not
export const env = bindings as Env & { readonly SANDBOX_URL: string; readonly KLING_SECRET_KEY: string };

export type LedgerStub = DurableObjectStub<TaskLedger>;

/** The sandbox's account of the file's gateway. */
export interface TestSandbox extends SandboxAccount {
  /** Uses the account without the gateway. */
  readonly elsewhere: KlingClient;
  /** Counts the tasks at the sandbox for one of the gateway's task ids. */
  tasksOf(taskId: string): Promise<number>;
  /** Counts the requests with this method whose path starts with `path`. */
  count(method: string, path: string): Promise<number>;
}

/**
 * Gives the gateway of this test file its own sandbox account and settings. Must be called while the file loads, because
 * the gateway reads its settings once.
 */
export function openSandbox(name: string, settings: Record<string, string> = {}): TestSandbox {
  const key = `sandbox-access-key-${name}-${crypto.randomUUID().slice(0, 8)}`;
  Object.assign(env, { KLING_ACCESS_KEY: key, ...settings });
  const account = createSandboxAccount(env.SANDBOX_URL, key);
  const clients = createKlingClients({
    baseUrl: env.SANDBOX_URL,
    credentials: { accessKey: key, secretKey: env.KLING_SECRET_KEY },
    timeoutMs: 30_000,
    fetch: (input, init) => fetch(input, init),
    aborts: false,
    now: Date.now,
    random: Math.random,
    sleep,
    startTimer,
  });
  return {
    ...account,
    elsewhere: clients(() => {}),
    tasksOf: async (taskId) => (await account.record()).tasks.filter((task) => task.externalTaskId === taskId).length,
    count: async (method, path) =>
      (await account.record()).requests.filter((request) => request.method === method && request.path.startsWith(path))
        .length,
  };
}

export const VOICES = '/v1/general/custom-voices';

/** Input of a voice. `words` tell the sandbox how the task continues. By default it never ends. */
export function voiceInput(externalId: string | null, words = 'sandbox-never-ends', name = 'Ann') {
  return { name, sample: { url: `https://example.com/${words}.mp3` }, externalId };
}

/** Scans a face, and returns the input of a lip-sync on it that never ends by itself. */
export async function lipSyncInput(ledger: LedgerStub, externalId: string | null) {
  const video = { url: 'https://example.com/clip-sandbox-never-ends.mp4' };
  const scan = valueOf(await ledger.identifyFaces({ video }));
  return {
    face: { faceId: `${scan.id}:${scan.faces[0]!.faceId}` },
    audio: { url: 'https://example.com/sound.mp3' },
    placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
    externalId,
  };
}

export function ledgerOf(tenant: string): LedgerStub {
  return env.TASK_LEDGER.getByName(tenant);
}

/** Returns the value of a result. Throws if it is a failure. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`expected a value, got ${JSON.stringify(result.failure)}`);
  return result.value;
}

/** Returns the failure of a result. Throws if it is a value. */
export function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error(`expected a failure, got ${JSON.stringify(result.value)}`);
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

/** Reads the stored row of a task by its id or external id. Returns null if there is no row. */
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

/** Makes all tasks due, and runs the alarm to its end. */
export function ring(ledger: LedgerStub): Promise<void> {
  return runInDurableObject(ledger, async (instance: TaskLedger, state) => {
    state.storage.sql.exec('UPDATE task SET wake_at = 1 WHERE wake_at IS NOT NULL');
    await instance.alarm();
  });
}

/** Makes tasks that have succeeded look as if each had taken ten minutes, so that estimates do not depend on the machine. */
export async function slowDown(ledger: LedgerStub): Promise<void> {
  await runInDurableObject(ledger, (_instance, state) => {
    state.storage.sql.exec(
      `UPDATE task SET record = json_set(record, '$.createdAtMs', (record ->> 'endedAtMs') - 600000,
         '$.startedAtMs', (record ->> 'endedAtMs') - 600000) WHERE status = 'SUCCEEDED'`,
    );
  });
}

/** Kills the object as a crash does: its memory and running calls are lost. */
export async function kill(ledger: LedgerStub): Promise<void> {
  await runInDurableObject(ledger, (_instance, state) => state.abort('killed by a test')).catch(() => {});
}

/** Returns every event in the ledger's log, of one task or of all. Checks that the numbers of all are gapless. */
export async function changesOf(ledger: LedgerStub, taskId: string | null = null): Promise<readonly TaskChange[]> {
  const all = { task: null, filter: { kind: null, statuses: [] } };
  const { edges } = valueOf(await ledger.events(all, { first: 1000, after: null }));
  const changes = edges.map(({ node }) => node);
  if (taskId !== null) return changes.filter(({ task }) => task.id === taskId);
  expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, i) => i + 1));
  return changes;
}

export async function statusesOf(ledger: LedgerStub, taskId: string): Promise<readonly string[]> {
  return (await changesOf(ledger, taskId)).map(({ task }) => task.status);
}
