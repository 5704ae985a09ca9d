import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import type { TaskStatus } from '../../src/domain/task.ts';
import { createParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** Counts what statements write from here on; rows are what Cloudflare charges, an index entry counting as one. */
function countRows(sql: SqlStorage): () => number {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const exec = sql.exec.bind(sql);
  sql.exec = ((query: string, ...bindings: unknown[]) => {
    const cursor = exec(query, ...bindings);
    cursors.push(cursor);
    return cursor;
  }) as typeof sql.exec;
  return () => cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
}

/** The rows that README.md reckons a callback with. */
const ROWS_MAX = 10;
/** Only when the task is looked at next. */
const AGAIN_MAX = 2;

it.for<[what: string, status: TaskStatus]>([
  ['a running task', 'PROCESSING'],
  ['the end of a task', 'SUCCEEDED'],
])(
  `a callback about %s writes at most ${ROWS_MAX} rows, and ${AGAIN_MAX} once it is known`,
  async ([, status], { expect }) => {
    await runInDurableObject(ledgerOf(`rows ${status}`), async (_instance, { storage }) => {
      const kling = { createVoice: async () => snapshotOf('SUBMITTED'), readVoiceTask: async () => snapshotOf(status) };
      const parts = createParts(storage, { kling });
      const { id } = await createVoiceOnce(parts);
      const rowsWritten = countRows(storage.sql);
      parts.ingest(id, snapshotOf(status));
      await parts.settle();
      const first = rowsWritten();
      expect(parts.tasks.find({ id })?.record.status).toBe(status);
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThanOrEqual(ROWS_MAX);
      parts.ingest(id, snapshotOf(status));
      await parts.settle();
      expect(rowsWritten() - first).toBeLessThanOrEqual(AGAIN_MAX);
    });
  },
);
