/** A statement that has run, with single spaces, and its query plan. */
export interface RecordedStatement {
  readonly text: string;
  readonly plan: readonly string[];
}

type Sql = Pick<SqlStorage, 'exec'>;

/** Records each distinct statement that any object of this isolate runs from now on, with its query plan. */
export function recordSql(sql: SqlStorage): ReadonlyMap<string, RecordedStatement> {
  const recorded = new Map<string, RecordedStatement>();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the platform does not export this class
  const shared = Object.getPrototypeOf(sql) as Sql;
  const { exec } = shared;
  shared.exec = function record(this: Sql, query: string, ...bindings: unknown[]) {
    const text = evened(query);
    const cursor = exec.call(this, query, ...bindings);
    if (!recorded.has(text)) {
      recorded.set(text, { text, plan: [] });
      // CREATE TABLE and the like have no plan. EXPLAIN would explain only the first of several statements, and run the rest.
      if (/^(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b[^;]*$/.test(text)) {
        const plan = exec
          .call(this, `EXPLAIN QUERY PLAN ${query}`, ...bindings)
          .raw<[number, number, number, string]>();
        recorded.set(text, { text, plan: [...plan].map(([, , , detail]) => detail) });
      }
    }
    return cursor;
  } as Sql['exec'];
  return recorded;
}

/** Returns the text with single spaces between words. */
export function evened(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
