import type { KlingClient } from '../../src/kling/client.ts';
import type { LipSyncSnapshot } from '../../src/domain/task.ts';
import { klingError } from './ledger-parts.ts';
import { lipSyncOf } from './ledger-tasks.ts';
import { snapshotOf } from './snapshots.ts';

/**
 * How Kling takes one create. `LOST_BEFORE`: nothing is made, and no answer comes. `LOST_AFTER`: the task is made, and no
 * answer comes. `LOST_LATE`: as that, but the task shows only once another create has come.
 */
export type Course = 'MADE' | 'LOST_BEFORE' | 'LOST_AFTER' | 'LOST_LATE' | 'REFUSED' | 'EXISTS';

export interface ScriptedKling {
  readonly client: Partial<KlingClient>;
  /** The external ids of the tasks that were made, those of one task twice if it was made twice. */
  readonly made: readonly string[];
  readonly counts: { posts: number; lists: number };
}

/**
 * A Kling that takes creates by a script (its last word stays), does not refuse an external id it knows unless told to, and
 * knows lip-syncs by its own ids alone. Its list holds tasks of other tenants.
 */
export function scriptKling(script: readonly Course[]): ScriptedKling {
  const made: string[] = [];
  const shown = new Set<string>();
  const counts = { posts: 0, lists: 0 };

  function create(externalTaskId: string | null): ReturnType<typeof snapshotOf> {
    const course = script[Math.min(counts.posts, script.length - 1)];
    counts.posts += 1;
    for (const id of made) shown.add(id);
    const id = externalTaskId ?? '';
    if (course === 'REFUSED') throw klingError('REFUSED', 'CONTENT_REJECTED', 1301);
    if (course === 'EXISTS') throw klingError('REFUSED', 'CONFLICT', 1201);
    if (course === 'LOST_BEFORE') throw klingError('UNKNOWN');
    made.push(id);
    if (course !== 'LOST_LATE') shown.add(id);
    if (course !== 'MADE') throw klingError('UNKNOWN');
    return snapshotOf('SUBMITTED', { klingTaskId: `kling-${id}` });
  }

  function read(id: string | undefined): ReturnType<typeof snapshotOf> {
    if (id === undefined || !shown.has(id)) throw klingError('REFUSED', 'NOT_FOUND', 1203);
    return snapshotOf('PROCESSING', { klingTaskId: `kling-${id}`, externalTaskId: id });
  }

  const client: Partial<KlingClient> = {
    createVoice: async (_request, { externalTaskId }) => create(externalTaskId),
    createLipSyncTask: async (_request, { externalTaskId }) => lipSyncOf(create(externalTaskId), false),
    readVoiceTask: async (id) => read(id.replace(/^kling-/, '')),
    readLipSyncTask: async (id) => lipSyncOf(read(/^kling-(.*)/.exec(id)?.[1]), false),
    async listLipSyncTasks({ page }) {
      counts.lists += 1;
      const ours = [...shown].map((id) => listed(id, `kling-${id}`));
      const items = page === 1 ? [listed('foreign-1', 'kling-foreign-1'), ...ours, listed('foreign-2', 'f2')] : [];
      return { items, klingRequestId: null };
    },
  };
  return { client, made, counts };
}

function listed(externalTaskId: string, klingTaskId: string): LipSyncSnapshot {
  const ids = { externalTaskId, klingTaskId, createdAtMs: Number.MAX_SAFE_INTEGER };
  return lipSyncOf(snapshotOf('SUCCEEDED', ids), true);
}
