import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import { countRows } from '../support/count-rows.ts';
import { createParts, type LedgerParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

const NONE = { kind: null, statuses: [] };
const WINDOW = { first: 10, after: null };

/** Operations of a ledger. Each gets the id of a running task. */
const OPERATIONS: Readonly<Record<string, (parts: LedgerParts, taskId: string) => unknown>> = {
  'a create': (parts) => createVoiceOnce(parts, 'external'),
  'a change of a task': ({ journal }, id) => journal.apply(id, null, { tries: 1 }),
  'the next instant of the alarm': ({ alarmHandler }) => alarmHandler.nextAtMs(),
  'a run of the alarm that finds nothing due': ({ alarmHandler }) => alarmHandler.run(),
  'a list': ({ queries }) => queries.tasks(NONE, WINDOW),
  'a list of one kind': ({ queries }) => queries.tasks({ ...NONE, kind: 'LIP_SYNC' }, WINDOW),
  'a list of tasks that have failed': ({ queries }) => queries.tasks({ ...NONE, statuses: ['FAILED'] }, WINDOW),
  'a list of cancelled tasks': ({ queries }) => queries.tasks({ ...NONE, statuses: ['CANCELLED'] }, WINDOW),
  'a list of tasks from the oldest': ({ queries }) => queries.tasks(NONE, WINDOW, 'OLDEST_FIRST'),
  'a list of tasks of a time': ({ queries, clock: { nowMs } }) =>
    queries.tasks({ ...NONE, createdFromMs: nowMs, createdBeforeMs: nowMs + 1 }, WINDOW),
  'a list of tasks with a label that all have': ({ queries }) => queries.tasks({ ...NONE, label: 'all' }, WINDOW),
  'a list of tasks with a label that no task has': ({ queries }) => queries.tasks({ ...NONE, label: 'none' }, WINDOW),
  'a list of voices': ({ queries }) => queries.voices(WINDOW),
  'a list of face scans': ({ queries }) => queries.faceScans(WINDOW),
  'a list of speeches': ({ queries }) => queries.speeches(WINDOW),
  'a log of events': ({ queries }, id) => queries.events({ task: { id, kind: 'VOICE' }, filter: NONE }, WINDOW),
  'the present state of tasks with a label': ({ queries }) =>
    queries.catchUp({ task: null, filter: { ...NONE, kind: 'LIP_SYNC', label: 'all' } }, null, null, null),
  'the present state': ({ queries }) =>
    queries.catchUp({ task: null, filter: { ...NONE, kind: 'LIP_SYNC' } }, null, null, null),
  'the sums over tasks that are open': ({ deps: { tasks, claims } }) => [tasks.waiting(), claims.count()],
  'a restart': ({ deps: { wakes } }) => wakes.wakeUnanswered(0),
  'a probe of a Kling that is down': ({ deps: { wakes } }) => wakes.atKling(4),
  'a call that is charged at once': ({ paidCalls }) =>
    paidCalls.identifyFaces({ video: { url: 'https://example.com/v.mp4' } }, 'key'),
};

/** Counts the rows that each operation reads when `history` tasks have ended and as many wait for a slot. */
function rowsReadAfter(history: number): Promise<Readonly<Record<string, number>>> {
  return runInDurableObject(ledgerOf(`history ${history}`), async (_instance, { storage }) => {
    const parts = createParts(storage, {
      kling: {
        createVoiceTask: async () => snapshotOf('SUBMITTED'),
        identifyFaces: async () => ({ sessionId: 's', faces: [], unitsDeducted: null, klingRequestId: null }),
      },
      limits: { waitingTasksMax: 1_000_000, milliunitsPerMonthMax: 1_000_000_000 },
    });
    const { id } = await createVoiceOnce(parts);
    const { nowMs } = parts.clock;
    const { sql } = storage;
    const [inADay, record] = [nowMs + 86_400_000, JSON.stringify({ createdAtMs: nowMs, label: 'all' })];
    for (const [status, phase, wakeAtMs] of [
      ['SUCCEEDED', 'DONE', null],
      ['QUEUED', 'WAITING', inADay],
    ] as const) {
      sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO task (id, kind, status, input_digest, phase, deadline_at, wake_at, record, milliunits, created_at)
         SELECT ?2 || i, 'VOICE', ?2, '', ?3, ?4, ?5, ?6, 50, ?7 FROM n`,
        history,
        status,
        phase,
        inADay,
        wakeAtMs,
        record,
        nowMs,
      );
    }
    sql.exec(`INSERT INTO event (task_id, at, record) SELECT id, ?1, '{}' FROM task WHERE phase = 'DONE'`, nowMs);
    for (const [table, columns, values] of [
      ['face_scan', 'id, scan, seq', `id, json_object('createdAtMs', ?1), seq`],
      ['speech', 'audio_id, speech, seq', `id, json_object('createdAtMs', ?1), seq`],
      ['paid_call', 'id, input_digest, state, answer, at', `id, '', 'UNKNOWN', NULL, ?1`],
      ['voice', 'voice_id, voice, deleted_at', `id, '{}', ?1`],
    ] as const) {
      sql.exec(`INSERT INTO ${table} (${columns}) SELECT ${values} FROM task WHERE phase = 'DONE'`, nowMs);
    }
    const rows = countRows(sql);
    const counts: Record<string, number> = {};
    for (const [name, operate] of Object.entries(OPERATIONS)) {
      const before = rows().read;
      await operate(parts, id);
      await parts.settle();
      counts[name] = rows().read - before;
    }
    return counts;
  });
}

it('every operation reads the same number of rows after 2,000 tasks, scans, speeches, calls and deleted voices as after 20', async ({
  expect,
}) => {
  expect(await rowsReadAfter(2_000)).toEqual(await rowsReadAfter(20));
});
