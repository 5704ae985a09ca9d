/** How many rows each table of an object has, but for the tables that the platform and SQLite keep. */
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
