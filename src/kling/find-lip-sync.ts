import type { KlingClient } from './client.ts';

const PAGES_MAX = 5;
/** Kling's maximum for this list. */
const PAGE_SIZE = 500;
/** How much older than the first send a task may seem to be: Kling's clock is another one. */
const OLDER_MS = 600_000;

/**
 * Kling's id of the lip-sync that was made with an external id, found in the list of the whole account, newest first; null if
 * it is not in the newest 2,500 of those made since the first send. Whether a read by external id works is unverified.
 * Security: the list holds other tenants' tasks, so that nothing but the id of the exact match leaves this function.
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
