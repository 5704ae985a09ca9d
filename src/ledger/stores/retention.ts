import type { LedgerLimits, RetentionTimes } from '../../config/index.ts';
import { UPLOAD_MS_MAX } from '../../domain/media.ts';
import { monthAfter, monthOf } from '../../domain/cost.ts';
import type { RetainedRows } from '../../lib/durable-object.ts';
import type { EventStore } from './events.ts';

type Oldest = { readonly at: number | null };

/**
 * Returns what a ledger keeps, and for how long. A voice is kept until it is deleted, as Kling keeps it. A task is deleted
 * together with its input, its result and its external id.
 */
export function retainedRowsOf(
  sql: SqlStorage,
  events: EventStore,
  times: RetentionTimes & Pick<LedgerLimits, 'eventRetentionMs'>,
): readonly RetainedRows[] {
  return [
    {
      keptMs: times.eventRetentionMs,
      oldestAtMs: () => events.oldestAtMs(),
      deleteUntil: (atMs, limit) => events.deleteUntil(atMs, limit),
    },
    endedTasks(sql, 0, times.taskMs),
    endedTasks(sql, 1, times.cancelledTaskMs),
    {
      keptMs: times.deletedVoiceMs,
      oldestAtMs: () => sql.exec<Oldest>('SELECT min(deleted_at) AS at FROM voice WHERE deleted_at > 0').one().at,
      deleteUntil: (atMs, limit) =>
        sql.exec(
          `DELETE FROM voice WHERE seq IN
             (SELECT seq FROM voice WHERE deleted_at <= ? ORDER BY deleted_at LIMIT ?)`,
          atMs,
          limit,
        ),
    },
    {
      keptMs: times.faceScanMs,
      oldestAtMs: () =>
        sql
          .exec<Oldest>(
            `SELECT min(json_extract(scan, '$.createdAtMs')) AS at FROM face_scan
             WHERE json_extract(scan, '$.createdAtMs') > 0`,
          )
          .one().at,
      deleteUntil: (atMs, limit) =>
        sql.exec(
          `DELETE FROM face_scan WHERE id IN
             (SELECT id FROM face_scan WHERE json_extract(scan, '$.createdAtMs') <= ?1
              ORDER BY json_extract(scan, '$.createdAtMs') LIMIT ?2)`,
          atMs,
          limit,
        ),
    },
    {
      keptMs: times.speechMs,
      oldestAtMs: () => sql.exec<Oldest>('SELECT min(kept_at) AS at FROM speech WHERE kept_at > 0').one().at,
      deleteUntil: (atMs, limit) =>
        sql.exec(
          `DELETE FROM speech WHERE audio_id IN
             (SELECT audio_id FROM speech WHERE kept_at <= ? ORDER BY kept_at LIMIT ?)`,
          atMs,
          limit,
        ),
    },
    {
      keptMs: times.externalIdMs,
      oldestAtMs: () => sql.exec<Oldest>('SELECT min(at) AS at FROM paid_call WHERE at > 0').one().at,
      deleteUntil: (atMs, limit) =>
        sql.exec(
          'DELETE FROM paid_call WHERE id IN (SELECT id FROM paid_call WHERE at <= ? ORDER BY at LIMIT ?)',
          atMs,
          limit,
        ),
    },
    {
      keptMs: times.externalIdMs,
      oldestAtMs: () => sql.exec<Oldest>('SELECT min(at) AS at FROM spent_external_id WHERE at > 0').one().at,
      deleteUntil: (atMs, limit) =>
        sql.exec(
          `DELETE FROM spent_external_id WHERE external_id IN
             (SELECT external_id FROM spent_external_id WHERE at <= ? ORDER BY at LIMIT ?)`,
          atMs,
          limit,
        ),
    },
    {
      keptMs: UPLOAD_MS_MAX,
      oldestAtMs: () =>
        sql.exec<Oldest>('SELECT min(created_at) AS at FROM media WHERE is_open = 1 AND created_at > 0').one().at,
      deleteUntil(atMs, limit) {
        // A task that waits for the upload becomes due.
        sql.exec(
          `UPDATE task SET wake_at = ?1, waits_for = NULL WHERE waits_for IN
             (SELECT id FROM media WHERE is_open = 1 AND created_at <= ?1 ORDER BY created_at LIMIT ?2)`,
          atMs,
          limit,
        );
        sql.exec(
          `DELETE FROM media WHERE seq IN
             (SELECT seq FROM media WHERE is_open = 1 AND created_at <= ? ORDER BY created_at LIMIT ?)`,
          atMs,
          limit,
        );
      },
    },
    {
      keptMs: times.mediaMs,
      oldestAtMs: () => sql.exec<Oldest>('SELECT min(created_at) AS at FROM media WHERE created_at > 0').one().at,
      deleteUntil: (atMs, limit) =>
        sql.exec(
          'DELETE FROM media WHERE seq IN (SELECT seq FROM media WHERE created_at <= ? ORDER BY created_at LIMIT ?)',
          atMs,
          limit,
        ),
    },
    {
      keptMs: times.taskMs,
      oldestAtMs: () => {
        const { month } = sql
          .exec<{ month: string | null }>(`SELECT min(month) AS month FROM usage WHERE month > ''`)
          .one();
        return month === null ? null : monthAfter(month);
      },
      deleteUntil: (atMs) => sql.exec('DELETE FROM usage WHERE month < ?', monthOf(atMs)),
    },
  ];
}

/** The condition is the first column of the index `task_ended`. */
function endedTasks(sql: SqlStorage, isCancelled: 0 | 1, keptMs: number): RetainedRows {
  return {
    keptMs,
    oldestAtMs: () =>
      sql
        .exec<Oldest>(
          `SELECT min(ended_at) AS at FROM task WHERE (status = 'CANCELLED') = ? AND ended_at > 0`,
          isCancelled,
        )
        .one().at,
    deleteUntil: (atMs, limit) =>
      sql.exec(
        `DELETE FROM task WHERE seq IN
           (SELECT seq FROM task WHERE (status = 'CANCELLED') = ? AND ended_at <= ? ORDER BY ended_at LIMIT ?)`,
        isCancelled,
        atMs,
        limit,
      ),
  };
}
