import { monthOf } from '../../domain/cost.ts';
import type { Speech } from '../../domain/records.ts';
import { readOwnJson } from '../../lib/json.ts';

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

/** A speech whose audio is not claimed yet. */
export interface UnclaimedSpeech {
  readonly id: string;
  readonly speech: Speech;
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

  /** Stores a speech that the list shows once its audio is claimed. The alarm claims it at `wakeAtMs`. */
  holdSpeech(id: string, speech: Speech, wakeAtMs: number): void {
    this.#sql.exec('UPDATE paid_call SET speech = ?, wake_at = ? WHERE id = ?', JSON.stringify(speech), wakeAtMs, id);
  }

  /** Records that the results are claimed: the answer may be shown. */
  finish(id: string): void {
    this.#sql.exec(`UPDATE paid_call SET state = 'DONE', speech = NULL, wake_at = NULL WHERE id = ?`, id);
  }

  /** Returns the speeches that are due to be claimed, the longest due first. */
  unclaimed(nowMs: number, limit: number): UnclaimedSpeech[] {
    return this.#sql
      .exec<{ id: string; speech: string; tries: number }>(
        'SELECT id, speech, tries FROM paid_call WHERE wake_at <= ? ORDER BY wake_at LIMIT ?',
        nowMs,
        limit,
      )
      .toArray()
      .map(({ id, speech, tries }) => ({ id, speech: readOwnJson<Speech>(speech), tries }));
  }

  /** Counts a try of the alarm, and sets the instant of the next; null for no further try. */
  triedClaim(id: string, wakeAtMs: number | null): void {
    this.#sql.exec('UPDATE paid_call SET tries = tries + 1, wake_at = ? WHERE id = ?', wakeAtMs, id);
  }

  /** Returns the instant of the next claim; null if no speech waits for one. */
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
