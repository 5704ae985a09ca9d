import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'vitest';
import { findTorn } from '../chaos/ledger-file.ts';

/** Tasks by id: the status of each, and the statuses of its events in order. */
type Ledger = Readonly<Record<string, { readonly is: string; readonly events: readonly string[] }>>;

function tornOf(ledger: Ledger): readonly string[] {
  const dir = mkdtempSync(join(tmpdir(), 'kling-torn-'));
  try {
    const db = new DatabaseSync(join(dir, 'a.sqlite'));
    db.exec(
      'CREATE TABLE task (id TEXT, record TEXT); CREATE TABLE event (seq INTEGER PRIMARY KEY, task_id TEXT, record TEXT)',
    );
    for (const [id, { is, events }] of Object.entries(ledger)) {
      db.prepare('INSERT INTO task VALUES (?, ?)').run(id, JSON.stringify({ status: is }));
      const add = db.prepare('INSERT INTO event (task_id, record) VALUES (?, ?)');
      for (const status of events) add.run(id, JSON.stringify({ status }));
    }
    db.close();
    return findTorn(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

it('a task is torn if its newest event has another status, or if it changed without an event', ({ expect }) => {
  const ledger = {
    untold: { is: 'QUEUED', events: [] },
    whole: { is: 'SUCCEEDED', events: ['SUBMITTED', 'SUCCEEDED'] },
    late: { is: 'PROCESSING', events: ['SUBMITTED'] },
    early: { is: 'SUBMITTED', events: ['SUBMITTED', 'PROCESSING'] },
    silent: { is: 'SUBMITTED', events: [] },
  };
  expect(tornOf(ledger)).toEqual([
    'late: is PROCESSING, its newest event says SUBMITTED',
    'early: is SUBMITTED, its newest event says PROCESSING',
    'silent: is SUBMITTED, its newest event says null',
  ]);
});
