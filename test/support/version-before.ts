import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { shardName, shardOf } from '../../src/hub/pool.ts';
import { env } from './ledger.ts';
import { rowCountsOf } from './row-counts.ts';
import { TENANT } from './token.ts';
import made from '../fixtures/version-0.1.json?raw';
import dump from '../fixtures/version-0.1.sql?raw';

/** A task as version 0.1 showed it. The other fields are compared as they are. */
export interface OldTask extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly status: string;
  readonly externalId: string | null;
  readonly klingTaskId: string | null;
  readonly failure: { readonly code: string; readonly message: string; readonly retryable: boolean } | null;
  /** Missing in a lip-sync. */
  readonly voices?: readonly { readonly id: string }[];
}

interface OldList<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
}

/** A change of a task as version 0.1 listed it. */
export interface OldChange {
  readonly cursor: string;
  readonly sequence: number;
  readonly task: { readonly id: string; readonly status: string };
}

interface OldScan {
  readonly id: string;
  readonly sessionId: string;
  readonly faces: readonly { readonly id: string; readonly faceId: string }[];
}

/** The input of a lip-sync, as version 0.1 named its fields. */
export interface OldLipSync {
  readonly faceId: string;
  readonly sound: Readonly<Record<string, string>>;
  readonly placement: Readonly<Record<'cropStartMs' | 'cropEndMs' | 'insertAtMs', number>> & {
    readonly videoDurationMs?: number;
  };
  readonly soundVolume?: number;
  readonly watermark?: boolean;
  readonly externalId: string;
}

/** The inputs that were sent to version 0.1, and its last answers. */
export interface OldVersion {
  readonly inputs: {
    readonly voice: { readonly name: string; readonly source: object; readonly externalId: string };
    readonly scan: { readonly video: object; readonly idempotencyKey: string };
    readonly speech: Readonly<Record<string, unknown>> & { readonly idempotencyKey: string };
    readonly lipSyncs: readonly OldLipSync[];
  };
  readonly answers: {
    readonly tasks: OldList<OldTask>;
    readonly voices: OldList<{ readonly id: string }>;
    readonly events: OldList<OldChange>;
    readonly usage: { readonly month: string; readonly units: string };
    readonly scans: readonly OldScan[];
    readonly speeches: readonly { readonly audioId: string }[];
  };
}

/** Moves all times in a text by `movedMs`. */
function moveTimes(text: string, movedMs: number): string {
  return text
    .replaceAll(/\b1\d{12}\b/g, (ms) => String(Number(ms) + movedMs))
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (at) => new Date(Date.parse(at) + movedMs).toISOString());
}

/** Replaces the storage of an object by a section of the dump, then evicts it, as a deployment does. */
async function load(stub: Parameters<typeof evictDurableObject>[0], section: string): Promise<void> {
  const [, json = '{}'] = /^-- keys (.+)$/m.exec(section) ?? [];
  await runInDurableObject(stub, (_object, { storage }) => {
    for (const name of Object.keys(rowCountsOf(storage.sql))) storage.sql.exec(`DROP TABLE ${name}`);
    for (const [key] of storage.kv.list()) storage.kv.delete(key);
    storage.sql.exec(section);
    for (const [key, value] of Object.entries<unknown>(JSON.parse(json))) storage.kv.put(key, value);
  });
  await evictDurableObject(stub);
}

/**
 * Fills the objects of `TENANT` with what version 0.1 has left on disk, as if it had ended now. Returns what version 0.1
 * was asked for, and what it answered. test/node/dump-version.ts made both.
 */
export async function openVersionBefore(): Promise<OldVersion> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the file has no other shape
  const { madeAtMs } = JSON.parse(made) as { readonly madeAtMs: number };
  const movedMs = Date.now() - madeAtMs;
  const stubs = {
    TaskLedger: env.TASK_LEDGER.getByName(TENANT),
    KlingAccount: env.KLING_ACCOUNT.getByName('account'),
    Hub: env.HUB.getByName(shardName(shardOf(TENANT))),
  };
  const sections = moveTimes(dump, movedMs).split('-- object ');
  for (const [name, stub] of Object.entries(stubs)) {
    await load(stub, sections.find((section) => section.startsWith(name))?.replace(name, '') ?? '');
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the file has no other shape
  return JSON.parse(moveTimes(made, movedMs)) as OldVersion;
}
