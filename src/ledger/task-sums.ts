import { isFinal, TASK_STATUSES } from '../domain/task.ts';

/** The tasks that have not ended, by the index of statuses: whatever has ended costs nothing here. */
export const OPEN = `status IN (${TASK_STATUSES.filter((status) => !isFinal(status))
  .map((status) => `'${status}'`)
  .join(', ')})`;

/** How many records one search reads at most. */
const SEARCHED_MAX = 200;

/** What is asked of all tasks together. Everything reads the open tasks, or a bounded number of ended ones. */
export class TaskSums {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What a task counts for, as last written; null for one that ended before that was kept. */
  milliunits(id: string): number | null {
    return this.#sql.exec<{ n: number | null }>('SELECT milliunits AS n FROM task WHERE id = ?', id).one().n;
  }

  /** What the tasks that have not ended are expected to cost, in thousandths of a unit. */
  milliunitsPending(): number {
    return this.#sql.exec<{ n: number }>(`SELECT coalesce(sum(milliunits), 0) AS n FROM task WHERE ${OPEN}`).one().n;
  }

  /**
   * How many tasks of this tenant wait to be sent, and how many characters the requests hold that are kept for sending.
   * Their audio is base64, so a character is a byte. Reads the open tasks alone.
   */
  waiting(): { readonly tasks: number; readonly bytes: number } {
    return this.#sql
      .exec<{ tasks: number; bytes: number }>(
        `SELECT coalesce(sum(phase = 'WAITING'), 0) AS tasks, coalesce(sum(request_chars), 0) AS bytes
         FROM task WHERE ${OPEN}`,
      )
      .one();
  }

  /** How long a video is that one of the newest successful tasks made, in milliseconds; null if it is not among them. */
  madeVideoMs(videoId: string): number | null {
    const [row] = this.#sql
      .exec<{ ms: number | null }>(
        `SELECT video.value ->> 'durationMs' AS ms
         FROM (SELECT record FROM task WHERE status = 'SUCCEEDED' ORDER BY seq DESC LIMIT ?) AS newest,
           json_each(newest.record, '$.videos') AS video
         WHERE video.value ->> 'videoId' = ? LIMIT 1`,
        SEARCHED_MAX,
        videoId,
      )
      .toArray();
    return row?.ms ?? null;
  }
}
