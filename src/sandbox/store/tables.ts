/** Every table of one account. Creating them again does nothing. */
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
  'CREATE TABLE IF NOT EXISTS late (request_id TEXT PRIMARY KEY, incoming TEXT NOT NULL, due_at INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
];

/** Makes an account's tables where they are missing. */
export function createTables(sql: SqlStorage): void {
  for (const statement of statements) sql.exec(statement);
}
