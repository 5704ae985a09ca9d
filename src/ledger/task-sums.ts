/** How many records one search reads at most. */
const SEARCHED_MAX = 200;

/** What is asked of all tasks together. Sums are kept by triggers of the table; one row holds them. */
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
    return this.#sql.exec<{ n: number }>('SELECT milliunits_pending AS n FROM task_sum').one().n;
  }

  /**
   * How many tasks of this tenant wait to be sent, and how many characters the requests hold that are kept for sending.
   * Their audio is base64, so a character is a byte.
   */
  waiting(): { readonly tasks: number; readonly bytes: number } {
    return this.#sql
      .exec<{ tasks: number; bytes: number }>('SELECT waiting AS tasks, request_chars AS bytes FROM task_sum')
      .one();
  }

  /** How long a video is that one of the newest successful tasks made, in milliseconds; null if it is not among them. */
  madeVideoMs(videoId: string): number | null {
    const [row] = this.#sql
      .exec<{ ms: number | null }>(
        `SELECT video.value ->> 'durationMs' AS ms
         FROM (SELECT record FROM task WHERE kind = 'LIP_SYNC' AND status = 'SUCCEEDED' ORDER BY seq DESC LIMIT ?) AS newest,
           json_each(newest.record, '$.videos') AS video
         WHERE video.value ->> 'videoId' = ? LIMIT 1`,
        SEARCHED_MAX,
        videoId,
      )
      .toArray();
    return row?.ms ?? null;
  }
}
