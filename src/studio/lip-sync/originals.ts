const KEY = 'studio.originals';
const KEPT_MAX = 50;

function read(): Readonly<Record<string, string>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody but this file writes there
  return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, string>;
}

/** Keeps, for this tab, which video a task was made of: Kling does not always tell. */
export function rememberOriginal(taskId: string, url: string): void {
  const kept = Object.entries({ ...read(), [taskId]: url }).slice(-KEPT_MAX);
  sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
}

/** Null when the task was made elsewhere. */
export function originalOf(taskId: string): string | null {
  return read()[taskId] ?? null;
}
