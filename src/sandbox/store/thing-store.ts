import type { ParentVideo } from '../tasks/task.ts';

/** A face in a scanned video. The times are milliseconds of the video. */
export interface Face {
  readonly faceId: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** The result of a face scan. */
export interface Session {
  readonly video: ParentVideo;
  readonly faces: readonly Face[];
  /** Scenario words that lip-syncs of this video inherit. */
  readonly words: readonly string[];
}

/** The results that an account keeps, by kind. */
export interface Things {
  readonly session: Session;
  readonly video: { readonly durationMs: number };
  readonly audio: { readonly durationMs: number };
  readonly voice: { readonly name: string };
}

/** A stored result with its age. */
export interface Stored<T> {
  readonly createdAt: number;
  readonly deleted: boolean;
  readonly data: T;
}

/** The sessions, videos, audio files and custom voices of one account. */
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
