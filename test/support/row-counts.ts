/** Counts the rows of each table of an object, except the tables of the platform and of SQLite. */
export function rowCountsOf(sql: SqlStorage): Readonly<Record<string, number>> {
  const tables = sql
    .exec<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .toArray();
  return Object.fromEntries(
    tables.map(({ name }) => [name, sql.exec<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`).one().n]),
  );
}
