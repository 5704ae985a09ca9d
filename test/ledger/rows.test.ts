import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import type { TaskKind, TaskStatus } from '../../src/domain/task.ts';
import { countRows } from '../support/count-rows.ts';
import { createParts } from '../support/ledger-parts.ts';
import { createLipSyncOnce, createVoiceOnce, lipSyncOf } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** Rows written by a callback about a running task or about the end of a lip-sync. docs/operations.md uses this figure. */
const ROWS_MAX = 11;
/** A voice has its own row, two index entries, and the counter of the table. */
const VOICE_ROWS = 4;
/** The first task of a face scan stores the length of the video with the scan: its row, and its entry in the index by age. */
const SCAN_ROWS = 2;
/** A repeated callback only changes when the task is read next. */
const AGAIN_MAX = 2;

it.for<[what: string, status: TaskStatus, kind: TaskKind, rowsMax: number, parentMs: number | null]>([
  ['a running task', 'PROCESSING', 'VOICE', ROWS_MAX, null],
  ['the end of a lip-sync', 'SUCCEEDED', 'LIP_SYNC', ROWS_MAX, null],
  ['the end of a lip-sync and the length of its video', 'SUCCEEDED', 'LIP_SYNC', ROWS_MAX + SCAN_ROWS, 5000],
  ['the end of a voice task', 'SUCCEEDED', 'VOICE', ROWS_MAX + VOICE_ROWS, null],
])(
  `a callback about %s (%s, %s) writes at most %i rows, and at most ${AGAIN_MAX} when it is repeated`,
  async ([, status, kind, rowsMax, parentMs], { expect }) => {
    await runInDurableObject(ledgerOf(`rows ${kind} ${status} ${parentMs}`), async (_instance, { storage }) => {
      const kling = {
        createVoiceTask: async () => snapshotOf('SUBMITTED'),
        createLipSyncTask: async () => lipSyncOf(snapshotOf('SUBMITTED'), false),
        readVoiceTask: async () => snapshotOf(status),
        readLipSyncTask: async () => ({
          ...lipSyncOf(snapshotOf(status), true),
          parentVideo: parentMs === null ? null : { videoId: null, url: null, durationMs: parentMs },
        }),
      };
      const parts = createParts(storage, { kling });
      const { id } = kind === 'VOICE' ? await createVoiceOnce(parts) : await createLipSyncOnce(parts);
      const rows = countRows(storage.sql);
      parts.ingest(id, snapshotOf(status));
      await parts.settle();
      const first = rows().written;
      expect(parts.tasks.find({ id })?.record.status).toBe(status);
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThanOrEqual(rowsMax);
      parts.ingest(id, snapshotOf(status));
      await parts.settle();
      expect(rows().written - first).toBeLessThanOrEqual(AGAIN_MAX);
    });
  },
);
