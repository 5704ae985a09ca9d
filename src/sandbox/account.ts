import { DurableObject } from 'cloudflare:workers';
import type { AccountContext } from './account-context.ts';
import type { Answer } from './envelope.ts';
import { catchUp, exchange, type IncomingCall } from './exchange.ts';
import { Outbox } from './outbox.ts';
import { drawRandom } from './random.ts';
import { applySettings, defaultSettings, type Settings, type SettingsChange } from './settings.ts';
import { CallbackStore } from './store/callback-store.ts';
import { LateStore } from './store/late-store.ts';
import { PaidCallStore } from './store/paid-call-store.ts';
import { RecordStore, toRecord, type AccountRecord } from './store/record-store.ts';
import { TaskStore } from './store/task-store.ts';
import { ThingStore } from './store/thing-store.ts';
import { advance } from './tasks/lifecycle.ts';

/** The statuses that a task can be moved to by hand. */
export type HandStatus = 'processing' | 'succeed' | 'failed';

/** The result of moving a task by hand. */
export type Advanced = { readonly status: string } | { readonly problem: 'unknown task' | 'already final' };

/** One account of the simulated Kling. It keeps its whole state in SQLite, so it may be killed at any moment. */
export class SandboxAccount extends DurableObject<SandboxEnv> {
  readonly #context: AccountContext;
  #settings: Settings;
  /** When the alarm fires. Null if this instance has set none. */
  #alarmAt: number | null = null;

  constructor(ctx: DurableObjectState, env: SandboxEnv) {
    super(ctx, env);
    const { sql } = ctx.storage;
    createTables(sql);
    this.#settings = this.#readSettings();
    const record = new RecordStore(sql);
    const callbacks = new CallbackStore(sql);
    const chance = (probability: number): boolean => this.#chance(probability, record);
    const settings = (): Settings => this.#settings;
    const outbox = new Outbox({
      store: callbacks,
      settings,
      chance,
      send: (request) => fetch(request),
      waitUntil: (work) => ctx.waitUntil(work),
      reschedule: () => this.#schedule(Date.now()),
    });
    this.#context = {
      key: ctx.id.name ?? '',
      get settings() {
        return settings();
      },
      tasks: new TaskStore(sql),
      things: new ThingStore(sql),
      callbacks,
      record,
      late: new LateStore(sql),
      paidCalls: new PaidCallStore(sql),
      outbox,
      chance,
    };
    this.#schedule(Date.now());
  }

  /** Answers one call of Kling's API. */
  exchange(incoming: IncomingCall): Answer {
    const now = Date.now();
    catchUp(this.#context, now);
    const answer = exchange(this.#context, incoming, now);
    this.#schedule(now);
    return answer;
  }

  /** Starts the delay of a late call, whose connection has ended. */
  connectionEnded(requestId: string): void {
    const now = Date.now();
    this.#context.late.reschedule(requestId, now + this.#settings.lateMs);
    this.#schedule(now);
  }

  /** Reports what this account has received and done. */
  record(): AccountRecord {
    const now = Date.now();
    catchUp(this.#context, now);
    this.#schedule(now);
    return toRecord(this.#context);
  }

  /** Changes the settings of later calls and tasks. Existing tasks keep their times. */
  configure(change: SettingsChange): Settings {
    this.#settings = applySettings(this.#settings, change);
    this.ctx.storage.kv.put('settings', this.#settings);
    if (change.faults !== undefined) this.#context.record.setCounter('random', this.#settings.faults.seed);
    return this.#settings;
  }

  /** Moves a task to a status now. `id` is Kling's id or the external id. */
  advanceTask(id: string, status: HandStatus, message: string): Advanced {
    const now = Date.now();
    catchUp(this.#context, now);
    const task = this.#context.tasks.find(id, null);
    if (task === null) return { problem: 'unknown task' };
    const moved = advance(this.#context, task, status, message, now);
    this.#schedule(now);
    return moved === null ? { problem: 'already final' } : { status: moved.status };
  }

  /** Deletes the whole state of the account. */
  async wipe(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#alarmAt = null;
    createTables(this.ctx.storage.sql);
    this.#settings = this.#readSettings();
  }

  override alarm(): void {
    const now = Date.now();
    this.#alarmAt = null;
    catchUp(this.#context, now);
    this.#context.outbox.pump(now);
    this.#schedule(now);
  }

  #schedule(now: number): void {
    const { tasks, outbox, late } = this.#context;
    const times = [tasks.nextDueAt(), late.nextDueAt(), outbox.nextAt(now)].filter((time) => time !== null);
    if (times.length === 0) return;
    const at = Math.max(now, Math.min(...times));
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(at));
  }

  #chance(probability: number, record: RecordStore): boolean {
    if (probability <= 0) return false;
    const { value, state } = drawRandom(record.counter('random'));
    record.setCounter('random', state);
    return value < probability;
  }

  #readSettings(): Settings {
    return applySettings(defaultSettings(this.env), this.ctx.storage.kv.get<Settings>('settings') ?? {});
  }
}

/** The tables of one account. */
const statements = [
  `CREATE TABLE IF NOT EXISTS task (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL UNIQUE, external_id TEXT, kind TEXT NOT NULL,
    status TEXT NOT NULL, message TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    due_at INTEGER, open INTEGER NOT NULL, charged INTEGER NOT NULL, plan TEXT NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS task_external_id ON task (external_id) WHERE external_id IS NOT NULL',
  'CREATE INDEX IF NOT EXISTS task_due ON task (due_at) WHERE due_at IS NOT NULL',
  'CREATE INDEX IF NOT EXISTS task_open ON task (open) WHERE open = 1',
  'CREATE INDEX IF NOT EXISTS task_kind ON task (kind, seq)',
  `CREATE TABLE IF NOT EXISTS thing (
    kind TEXT NOT NULL, id TEXT NOT NULL, created_at INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS callback (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, status TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL,
    message_id TEXT NOT NULL, forged INTEGER NOT NULL, attempt INTEGER NOT NULL, due_at INTEGER, leased INTEGER NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS callback_due ON callback (due_at, seq) WHERE due_at IS NOT NULL',
  'CREATE INDEX IF NOT EXISTS callback_held ON callback (task_id) WHERE due_at IS NULL',
  `CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, status TEXT NOT NULL, at INTEGER NOT NULL,
    http_status INTEGER, error TEXT, attempt INTEGER NOT NULL, forged INTEGER NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS request (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, code INTEGER,
    http_status INTEGER NOT NULL, request_id TEXT NOT NULL, task_id TEXT)`,
  `CREATE TABLE IF NOT EXISTS paid_call (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, path TEXT NOT NULL,
    source TEXT, code INTEGER, made INTEGER NOT NULL)`,
  'CREATE TABLE IF NOT EXISTS late (request_id TEXT PRIMARY KEY, incoming TEXT NOT NULL, due_at INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
];

/** Creates the tables that are missing. */
function createTables(sql: SqlStorage): void {
  for (const statement of statements) sql.exec(statement);
}
