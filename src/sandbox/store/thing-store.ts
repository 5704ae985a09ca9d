import type { ParentVideo } from '../tasks/task.ts';

/** A face in a scanned video, in milliseconds of it. */
export interface Face {
  readonly faceId: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What identify-face leaves behind. */
export interface Session {
  readonly video: ParentVideo;
  readonly faces: readonly Face[];
  /** Scenario words of the video that the tasks on it take over. */
  readonly words: readonly string[];
}

/** What an account has made besides tasks, by kind. */
export interface Things {
  readonly session: Session;
  readonly video: { readonly durationMs: number };
  readonly sound: { readonly durationMs: number };
  readonly voice: { readonly name: string };
}

/** One of them, with its age. */
export interface Stored<T> {
  readonly createdAt: number;
  readonly deleted: boolean;
  readonly data: T;
}

/** The sessions, videos, sounds and custom voices of one account. */
export class ThingStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  put<K extends keyof Things>(kind: K, id: string, createdAt: number, data: Things[K]): void {
    this.#sql.exec(
      'INSERT INTO thing (kind, id, created_at, data) VALUES (?, ?, ?, ?)',
      kind,
      id,
      createdAt,
      JSON.stringify(data),
    );
  }

  get<K extends keyof Things>(kind: K, id: string): Stored<Things[K]> | null {
    const row = this.#sql
      .exec<{ created_at: number; deleted: number; data: string }>(
        'SELECT created_at, deleted, data FROM thing WHERE kind = ? AND id = ?',
        kind,
        id,
      )
      .toArray()[0];
    if (row === undefined) return null;
    const data: Things[K] = JSON.parse(row.data);
    return { createdAt: row.created_at, deleted: row.deleted === 1, data };
  }

  markDeleted(kind: keyof Things, id: string): void {
    this.#sql.exec('UPDATE thing SET deleted = 1 WHERE kind = ? AND id = ?', kind, id);
  }
}
