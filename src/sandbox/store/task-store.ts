import { isFinal, type Task, type TaskKind, type TaskPlan, type TaskStatus, type Transition } from '../tasks/task.ts';

interface Row extends Record<string, SqlStorageValue> {
  readonly seq: number;
  readonly task_id: string;
  readonly external_id: string | null;
  readonly kind: TaskKind;
  readonly status: TaskStatus;
  readonly message: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly due_at: number | null;
  readonly charged: number;
  readonly plan: string;
}

/** The tasks of one account. */
export class TaskStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  insert(task: Omit<Task, 'seq'>): Task {
    const { seq } = this.#sql
      .exec<{ seq: number }>(
        `INSERT INTO task (task_id, external_id, kind, status, message, created_at, updated_at, due_at, open, charged, plan)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?) RETURNING seq`,
        task.taskId,
        task.externalTaskId,
        task.kind,
        task.status,
        task.message,
        task.createdAt,
        task.updatedAt,
        task.dueAt,
        task.charged,
        JSON.stringify(task.plan),
      )
      .one();
    return { ...task, seq };
  }

  /** Writes one transition and returns the changed task. A failed task is refunded. */
  change(task: Task, transition: Transition): Task {
    const changed = {
      ...task,
      status: transition.status,
      message: transition.message,
      updatedAt: transition.at,
      dueAt: transition.dueAt,
      charged: transition.status === 'failed' ? 0 : task.charged,
    };
    this.#sql.exec(
      'UPDATE task SET status = ?, message = ?, updated_at = ?, due_at = ?, open = ?, charged = ? WHERE seq = ?',
      changed.status,
      changed.message,
      changed.updatedAt,
      changed.dueAt,
      isFinal(changed.status) ? 0 : 1,
      changed.charged,
      changed.seq,
    );
    return changed;
  }

  /** Finds a task by Kling's id or the external id. Returns null if there is no such task, or it is of another kind. */
  find(id: string, kind: TaskKind | null): Task | null {
    const rows = this.#sql.exec<Row>('SELECT * FROM task WHERE task_id = ?1 OR external_id = ?1 ORDER BY seq', id);
    const task = rows.toArray().map((row) => toTask(row))[0];
    return task === undefined || (kind !== null && task.kind !== kind) ? null : task;
  }

  /** Returns one page, newest first. */
  list(kind: TaskKind, page: number, pageSize: number): readonly Task[] {
    return this.#sql
      .exec<Row>(
        'SELECT * FROM task WHERE kind = ? ORDER BY seq DESC LIMIT ? OFFSET ?',
        kind,
        pageSize,
        (page - 1) * pageSize,
      )
      .toArray()
      .map((row) => toTask(row));
  }

  /** Returns the tasks with a due transition, in the order in which they fell due. */
  listDue(now: number, limit: number): readonly Task[] {
    return this.#sql
      .exec<Row>('SELECT * FROM task WHERE due_at <= ? ORDER BY due_at, seq LIMIT ?', now, limit)
      .toArray()
      .map((row) => toTask(row));
  }

  nextDueAt(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(due_at) AS at FROM task WHERE due_at IS NOT NULL').one()
      .at;
  }

  /** Counts the slots in use. */
  countOpen(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM task WHERE open = 1').one().n;
  }

  /** Returns the highest sequence number so far. */
  lastSeq(): number {
    return this.#sql.exec<{ n: number | null }>('SELECT max(seq) AS n FROM task').one().n ?? 0;
  }

  /** Yields every task, in the order of creation. */
  *all(): Generator<Task> {
    for (const row of this.#sql.exec<Row>('SELECT * FROM task ORDER BY seq')) yield toTask(row);
  }
}

function toTask(row: Row): Task {
  const plan: TaskPlan = JSON.parse(row.plan);
  return {
    seq: row.seq,
    taskId: row.task_id,
    externalTaskId: row.external_id,
    kind: row.kind,
    status: row.status,
    message: row.message,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    dueAt: row.due_at,
    charged: row.charged,
    plan,
  };
}
