/** A statement that has been run, blanks evened out, and what SQLite says about how it is run. */
export interface RecordedStatement {
  readonly text: string;
  readonly plan: readonly string[];
}

type Sql = Pick<SqlStorage, 'exec'>;

/** Records each distinct statement that any object of this isolate runs from here on, with its plan. */
export function recordSql(sql: SqlStorage): ReadonlyMap<string, RecordedStatement> {
  const recorded = new Map<string, RecordedStatement>();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one class of the platform, which has no name of its own
  const shared = Object.getPrototypeOf(sql) as Sql;
  const { exec } = shared;
  shared.exec = function record(this: Sql, query: string, ...bindings: unknown[]) {
    const text = evened(query);
    const cursor = exec.call(this, query, ...bindings);
    if (!recorded.has(text)) {
      recorded.set(text, { text, plan: [] });
      // Definitions of tables have no plan.
      if (/^(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b/.test(text)) {
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

/** The same text with one blank between two words. */
export function evened(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
