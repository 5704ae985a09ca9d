import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import { countRows } from '../support/count-rows.ts';
import { createParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** Rows that a change of a task, and a run of the alarm that finds nothing due, read after so much has ended. */
function rowsReadAfter(history: number): Promise<readonly number[]> {
  return runInDurableObject(ledgerOf(`history ${history}`), async (_instance, { storage }) => {
    const parts = createParts(storage, { kling: { createVoice: async () => snapshotOf('SUBMITTED') } });
    const { id } = await createVoiceOnce(parts);
    const { sql } = storage;
    sql.exec(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO task (id, kind, status, input_digest, phase, deadline_at, record)
       SELECT 'ended-' || i, 'VOICE', 'SUCCEEDED', '', 'DONE', 1, '{}' FROM n`,
      history,
    );
    sql.exec(
      `INSERT INTO event (task_id, at, record) SELECT id, ?1, '{}' FROM task WHERE phase = 'DONE'`,
      parts.clock.nowMs,
    );
    for (const [table, columns, values] of [
      ['face_scan', 'id, scan', `id, json_object('createdAtMs', ?1)`],
      ['speech', 'audio_id, speech', `id, json_object('createdAtMs', ?1)`],
      ['paid_call', 'id, input_digest, state, answer, at', `id, '', 'DONE', '{}', ?1`],
    ] as const) {
      sql.exec(`INSERT INTO ${table} (${columns}) SELECT ${values} FROM task WHERE phase = 'DONE'`, parts.clock.nowMs);
    }
    const rows = countRows(sql);
    parts.journal.apply(id, null, { tries: 1 });
    parts.keeper.nextAtMs();
    const changed = rows().read;
    await parts.keeper.run();
    await parts.settle();
    return [changed, rows().read - changed];
  });
}

it('a change of a task and a run of the alarm read as many rows after 2,000 tasks, scans and speeches as after 2', async ({
  expect,
}) => {
  expect(await rowsReadAfter(2_000)).toEqual(await rowsReadAfter(2));
});
