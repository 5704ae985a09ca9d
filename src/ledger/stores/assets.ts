import type { FaceScan, Speech } from '../../domain/records.ts';
import type { Voice } from '../../domain/task.ts';
import { readOwnJson } from '../../lib/json.ts';

/** A voice with its place in the tenant's list. */
export interface HeldVoice {
  readonly seq: number;
  readonly voice: Voice;
}

/** A face scan with its place in the tenant's list. */
export interface HeldFaceScan {
  readonly seq: number;
  readonly scan: FaceScan;
}

/** A speech with its place in the tenant's list. */
export interface HeldSpeech {
  readonly seq: number;
  readonly speech: Speech;
}

/** The assets of a tenant besides its tasks: voices, face scans, speech, and the units it has used. */
export class AssetStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  keepVoice(voice: Voice): void {
    this.#sql.exec(
      `INSERT INTO voice (voice_id, voice) VALUES (?, ?)
       ON CONFLICT (voice_id) DO UPDATE SET voice = excluded.voice`,
      voice.voiceId,
      JSON.stringify(voice),
    );
  }

  /** Returns null for a voice that is deleted, unknown, or another tenant's. */
  voice(voiceId: string): Voice | null {
    const [row] = this.#sql
      .exec<{ voice: string }>('SELECT voice FROM voice WHERE voice_id = ? AND deleted_at IS NULL', voiceId)
      .toArray();
    return row ? readOwnJson<Voice>(row.voice) : null;
  }

  /** Returns the newest voices before `beforeSeq`, newest first. Without the hint SQLite would read deleted voices too. */
  voices(beforeSeq: number | null, limit: number): HeldVoice[] {
    return this.#sql
      .exec<{ seq: number; voice: string }>(
        `SELECT seq, voice FROM voice INDEXED BY voice_kept WHERE deleted_at IS NULL AND seq < ?
         ORDER BY seq DESC LIMIT ?`,
        beforeSeq ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray()
      .map(({ seq, voice }) => ({ seq, voice: readOwnJson<Voice>(voice) }));
  }

  forgetVoice(voiceId: string, nowMs: number): void {
    this.#sql.exec('UPDATE voice SET deleted_at = ? WHERE voice_id = ?', nowMs, voiceId);
  }

  /** Its place in the list is the time, or the next one if that is taken. A place is not used again after a deletion. */
  keepFaceScan(scan: FaceScan): void {
    this.#sql.exec(
      `INSERT INTO face_scan (id, scan, seq)
       VALUES (?, ?, max(?, coalesce((SELECT max(seq) + 1 FROM face_scan WHERE seq > 0), 0)))`,
      scan.id,
      JSON.stringify(scan),
      scan.createdAtMs,
    );
  }

  faceScan(id: string): FaceScan | null {
    const [row] = this.#sql.exec<{ scan: string }>('SELECT scan FROM face_scan WHERE id = ?', id).toArray();
    return row ? readOwnJson<FaceScan>(row.scan) : null;
  }

  /** Returns the newest scans before `beforeSeq`, newest first. */
  faceScans(beforeSeq: number | null, limit: number): HeldFaceScan[] {
    return this.#sql
      .exec<{ seq: number; scan: string }>(
        'SELECT seq, scan FROM face_scan WHERE seq < ? ORDER BY seq DESC LIMIT ?',
        beforeSeq ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray()
      .map(({ seq, scan }) => ({ seq, scan: readOwnJson<FaceScan>(scan) }));
  }

  /** Writes the length of a scan's video if it has changed. */
  keepScanLength(id: string, durationMs: number): void {
    this.#sql.exec(
      `UPDATE face_scan SET scan = json_set(scan, '$.videoDurationMs', ?2)
       WHERE id = ?1 AND json_extract(scan, '$.videoDurationMs') IS NOT ?2`,
      id,
      durationMs,
    );
  }

  /** Puts a speech into the list as `keepFaceScan` puts a scan. Keeps its place if it has one. */
  keepSpeech(speech: Speech, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO speech (audio_id, speech, kept_at, seq)
       VALUES (?1, ?2, ?3, max(?3, coalesce((SELECT max(seq) + 1 FROM speech WHERE seq > 0), 0)))
       ON CONFLICT (audio_id) DO UPDATE SET speech = excluded.speech, seq = coalesce(seq, excluded.seq)`,
      speech.audioId,
      JSON.stringify(speech),
      nowMs,
    );
  }

  /** Returns null for a speech of version 0.1, which has no place because its text was not kept. */
  speech(audioId: string): Speech | null {
    const [row] = this.#sql
      .exec<{ speech: string }>('SELECT speech FROM speech WHERE audio_id = ? AND seq IS NOT NULL', audioId)
      .toArray();
    return row ? readOwnJson<Speech>(row.speech) : null;
  }

  /** Returns the newest speeches before `beforeSeq`, newest first. */
  speeches(beforeSeq: number | null, limit: number): HeldSpeech[] {
    return this.#sql
      .exec<{ seq: number; speech: string }>(
        'SELECT seq, speech FROM speech WHERE seq < ? ORDER BY seq DESC LIMIT ?',
        beforeSeq ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray()
      .map(({ seq, speech }) => ({ seq, speech: readOwnJson<Speech>(speech) }));
  }

  /** Returns the length of a speech, also of one without a place; null if it is unknown. */
  speechDurationMs(audioId: string): number | null {
    const [row] = this.#sql
      .exec<{ ms: number | null }>(
        `SELECT json_extract(speech, '$.durationMs') AS ms FROM speech WHERE audio_id = ?`,
        audioId,
      )
      .toArray();
    return row?.ms ?? null;
  }

  /** Returns the thousandths of a unit, an exact sum, that a month such as `2026-11` (UTC) has used. */
  milliunitsUsed(month: string): number {
    const [row] = this.#sql.exec<{ n: number }>('SELECT milliunits AS n FROM usage WHERE month = ?', month).toArray();
    return row?.n ?? 0;
  }

  addMilliunits(month: string, milliunits: number): void {
    this.#sql.exec(
      `INSERT INTO usage (month, milliunits) VALUES (?, ?)
       ON CONFLICT (month) DO UPDATE SET milliunits = milliunits + excluded.milliunits`,
      month,
      milliunits,
    );
  }
}
