/**
 * Brings the tables of a Durable Object up to date, in one transaction. `steps` is append only: an object that has run
 * step n never runs it again. `PRAGMA user_version` is refused in Durable Objects, hence the key.
 */
export function runMigrations(storage: DurableObjectStorage, steps: readonly string[]): void {
  storage.transactionSync(() => {
    const from = storage.kv.get<number>('schema_version') ?? 0;
    for (const [i, step] of steps.slice(from).entries()) {
      storage.sql.exec(step);
      storage.kv.put('schema_version', from + i + 1);
    }
  });
}
