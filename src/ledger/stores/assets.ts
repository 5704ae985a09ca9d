import { monthOf } from '../../domain/cost.ts';
import type { StoredFile } from '../../domain/media.ts';
import type { FaceScan, ResultPart, Speech } from '../../domain/records.ts';
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

type VoiceColumns = { seq: number; voice: string; sample: string | null };

function toVoice({ voice, sample }: VoiceColumns): Voice {
  const read = readOwnJson<Voice>(voice);
  return sample === null ? read : { ...read, archived: readOwnJson<StoredFile>(sample) };
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
      .exec<VoiceColumns>('SELECT seq, voice, sample FROM voice WHERE voice_id = ? AND deleted_at IS NULL', voiceId)
      .toArray();
    return row ? toVoice(row) : null;
  }

  /** Returns the newest voices before `beforeSeq`, newest first. Without the hint SQLite would read deleted voices too. */
  voices(beforeSeq: number | null, limit: number): HeldVoice[] {
    return this.#sql
      .exec<VoiceColumns>(
        `SELECT seq, voice, sample FROM voice INDEXED BY voice_kept WHERE deleted_at IS NULL AND seq < ?
         ORDER BY seq DESC LIMIT ?`,
        beforeSeq ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray()
      .map((row) => ({ seq: row.seq, voice: toVoice(row) }));
  }

  /** Stores which file is the copy of a voice's sample. A trigger removes it with the copy. */
  keepSample(voiceId: string, file: StoredFile): void {
    this.#sql.exec('UPDATE voice SET sample = ? WHERE voice_id = ?', JSON.stringify(file), voiceId);
  }

  forgetVoice(voiceId: string, nowMs: number): void {
    this.#sql.exec('UPDATE voice SET deleted_at = ? WHERE voice_id = ?', nowMs, voiceId);
  }

  /**
   * Its place in the list is the time, or the next one if that is taken. A place is not used again after a deletion. A scan
   * that has a place stays as it is. Returns false for it.
   */
  keepFaceScan(scan: FaceScan): boolean {
    const rows = this.#sql.exec(
      `INSERT INTO face_scan (id, session_id, scan, seq)
       VALUES (?, ?, ?, max(?, coalesce((SELECT max(seq) + 1 FROM face_scan WHERE seq > 0), 0)))
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      scan.id,
      scan.sessionId,
      JSON.stringify(scan),
      scan.createdAtMs,
    );
    return rows.toArray().length > 0;
  }

  faceScan(id: string): FaceScan | null {
    const [row] = this.#sql.exec<{ scan: string }>('SELECT scan FROM face_scan WHERE id = ?', id).toArray();
    return row ? readOwnJson<FaceScan>(row.scan) : null;
  }

  /**
   * Returns the newest scan of a session at Kling; null if it is unknown, or another tenant's. Kling does not document
   * whether a video that is scanned again gets another session. SQLite takes `scan` from the row of the maximum.
   */
  scanOfSession(sessionId: string): FaceScan | null {
    const { scan } = this.#sql
      .exec<{ scan: string | null }>('SELECT scan, max(seq) FROM face_scan WHERE session_id = ?', sessionId)
      .one();
    return scan === null ? null : readOwnJson<FaceScan>(scan);
  }

  /** Returns the newest scan of a video, named by its file, its id at Kling or its URL; null without one. */
  scanOfVideo(name: string): FaceScan | null {
    const { scan } = this.#sql
      .exec<{ scan: string | null }>('SELECT scan, max(seq) FROM face_scan WHERE video = ?', name)
      .one();
    return scan === null ? null : readOwnJson<FaceScan>(scan);
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

  /** Stores which file is the copy of a face's picture. */
  keepPicture(scanId: string, part: ResultPart, file: StoredFile, expiresAtMs: number): void {
    this.#sql.exec(
      `UPDATE face_scan SET scan = json_set(scan, '$.archive.expiresAtMs', ?, '$.archive.files."' || ? || '"', json(?))
       WHERE id = ?`,
      expiresAtMs,
      part,
      JSON.stringify(file),
      scanId,
    );
  }

  forgetPicture(scanId: string, part: ResultPart): void {
    this.#sql.exec(
      `UPDATE face_scan SET scan = json_remove(scan, '$.archive.files."' || ? || '"') WHERE id = ?`,
      part,
      scanId,
    );
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

/**
 * A call that Kling charges at once and cannot be asked about later (identify-face, text-to-speech).
 * `SENDING` after a crash, and `UNKNOWN`: it may have been charged, and its answer is lost. `HELD`: its answer is stored,
 * and its results are not claimed yet, so no caller has seen it. `DONE`: its answer may be shown.
 */
export interface PaidCall {
  readonly id: string;
  readonly inputDigest: string;
  readonly state: 'SENDING' | 'UNKNOWN' | 'HELD' | 'DONE';
  /** The answer as JSON; null until `HELD`. */
  readonly answer: string | null;
}

/** A scan or a speech that is not claimed yet. */
export interface UnclaimedAsset {
  readonly id: string;
  readonly asset: FaceScan | Speech;
  /** The claims that the alarm has tried. */
  readonly tries: number;
}

type Columns = { id: string; input_digest: string; state: PaidCall['state']; answer: string | null };

/** The paid calls, found again by their external ids. */
export class PaidCallStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  byKey(externalId: string): PaidCall | null {
    const [row] = this.#sql
      .exec<Columns>('SELECT id, input_digest, state, answer FROM paid_call WHERE idempotency_key = ?', externalId)
      .toArray();
    if (!row) return null;
    return { id: row.id, inputDigest: row.input_digest, state: row.state, answer: row.answer };
  }

  /** Records a call before it is sent. It counts as unanswered in its month until `hold` or `remove`. */
  begin(id: string, externalId: string | null, inputDigest: string, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO paid_call (id, idempotency_key, input_digest, state, at) VALUES (?, ?, ?, 'SENDING', ?)`,
      id,
      externalId,
      inputDigest,
      nowMs,
    );
    this.#sql.exec(
      `INSERT INTO usage (month, milliunits, unanswered) VALUES (?, 0, 1)
       ON CONFLICT (month) DO UPDATE SET unanswered = unanswered + 1`,
      monthOf(nowMs),
    );
  }

  hold(id: string, answer: string): void {
    this.#answered(id);
    this.#sql.exec(`UPDATE paid_call SET state = 'HELD', answer = ? WHERE id = ?`, answer, id);
  }

  /**
   * Stores a scan or a speech that its list shows once it is claimed. The alarm claims it at `wakeAtMs`. Null for the answer
   * itself, which is not stored twice: a row holds at most 2 MB, and a paid answer must fit.
   */
  holdAsset(id: string, asset: Speech | null, wakeAtMs: number): void {
    const json = asset === null ? null : JSON.stringify(asset);
    this.#sql.exec('UPDATE paid_call SET asset = ?, wake_at = ? WHERE id = ?', json, wakeAtMs, id);
  }

  /** Records that the results are claimed: the answer may be shown. */
  finish(id: string): void {
    this.#sql.exec(`UPDATE paid_call SET state = 'DONE', asset = NULL, wake_at = NULL WHERE id = ?`, id);
  }

  /** Returns what is due to be claimed, the longest due first. */
  unclaimed(nowMs: number, limit: number): UnclaimedAsset[] {
    return this.#sql
      .exec<{ id: string; asset: string; tries: number }>(
        'SELECT id, coalesce(asset, answer) AS asset, tries FROM paid_call WHERE wake_at <= ? ORDER BY wake_at LIMIT ?',
        nowMs,
        limit,
      )
      .toArray()
      .map(({ id, asset, tries }) => ({ id, asset: readOwnJson<FaceScan | Speech>(asset), tries }));
  }

  /** Counts a try of the alarm, and sets the instant of the next; null for no further try. */
  triedClaim(id: string, wakeAtMs: number | null): void {
    this.#sql.exec('UPDATE paid_call SET tries = tries + 1, wake_at = ? WHERE id = ?', wakeAtMs, id);
  }

  /** Returns the instant of the next claim; null if nothing waits for one. */
  nextAtMs(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(wake_at) AS at FROM paid_call WHERE wake_at > 0').one().at;
  }

  lose(id: string): void {
    this.#sql.exec(`UPDATE paid_call SET state = 'UNKNOWN' WHERE id = ?`, id);
  }

  /** Returns how many calls of a month have no answer. Each may have been charged. */
  unansweredIn(month: string): number {
    const [row] = this.#sql.exec<{ n: number }>('SELECT unanswered AS n FROM usage WHERE month = ?', month).toArray();
    return row?.n ?? 0;
  }

  /** Deletes a call that Kling refused: nothing was charged, and its key may be used again. */
  remove(id: string): void {
    this.#answered(id);
    this.#sql.exec('DELETE FROM paid_call WHERE id = ?', id);
  }

  #answered(id: string): void {
    const [call] = this.#sql
      .exec<{ at: number }>('SELECT at FROM paid_call WHERE id = ? AND answer IS NULL', id)
      .toArray();
    if (call === undefined) return;
    this.#sql.exec('UPDATE usage SET unanswered = unanswered - 1 WHERE month = ?', monthOf(call.at));
  }
}
