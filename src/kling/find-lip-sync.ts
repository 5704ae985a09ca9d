import type { KlingClient } from './client.ts';

const PAGES_MAX = 5;
/** Kling's maximum for this list. */
const PAGE_SIZE = 500;
/** How much older than its first send a task may look, because Kling's clock differs. */
const OLDER_MS = 600_000;

/**
 * Finds the lip-sync with an external id in the account's list, newest first, and returns Kling's id of it. Returns null if
 * it is not among the newest 2,500 made since the first send. Whether Kling can read one by external id is unverified.
 * Invariant: the list holds tasks of other tenants, so only the id of the exact match leaves this function.
 */
export async function findLipSync(
  { listLipSyncTasks }: Pick<KlingClient, 'listLipSyncTasks'>,
  externalTaskId: string,
  firstSentAtMs: number,
): Promise<string | null> {
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const { items } = await listLipSyncTasks({ page, pageSize: PAGE_SIZE });
    const match = items.find((item) => item.externalTaskId === externalTaskId && item.klingTaskId !== '');
    if (match !== undefined) return match.klingTaskId;
    const oldestAtMs = items.findLast(({ createdAtMs }) => createdAtMs !== null)?.createdAtMs ?? null;
    if (items.length === 0 || (oldestAtMs !== null && oldestAtMs < firstSentAtMs - OLDER_MS)) return null;
  }
  return null;
}
