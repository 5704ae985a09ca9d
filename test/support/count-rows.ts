/** Rows that Cloudflare charges for. A written index entry counts as a row. */
export interface Rows {
  readonly read: number;
  readonly written: number;
}

/** Counts the rows that the statements of a storage read and write from now on. */
export function countRows(sql: SqlStorage): () => Rows {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const exec = sql.exec.bind(sql);
  sql.exec = ((query: string, ...bindings: unknown[]) => {
    const cursor = exec(query, ...bindings);
    cursors.push(cursor);
    return cursor;
  }) as typeof sql.exec;
  return () => ({
    read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
  });
}
