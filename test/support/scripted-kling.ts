import type { KlingClient } from '../../src/kling/client.ts';
import type { LipSyncSnapshot } from '../../src/domain/task.ts';
import { klingError } from './ledger-parts.ts';
import { lipSyncOf } from './ledger-tasks.ts';
import { snapshotOf } from './snapshots.ts';

/**
 * How Kling handles one create. `LOST_BEFORE`: it creates no task, and the answer is lost. `LOST_AFTER`: it creates the
 * task, and the answer is lost. `LOST_LATE`: as `LOST_AFTER`, but look-ups find the task only after another create.
 */
export type Course = 'MADE' | 'LOST_BEFORE' | 'LOST_AFTER' | 'LOST_LATE' | 'REFUSED' | 'EXISTS';

export interface ScriptedKling {
  readonly client: Partial<KlingClient>;
  /** The external ids of the created tasks. A task that was created twice is listed twice. */
  readonly made: readonly string[];
  readonly counts: { posts: number; lists: number };
}

/**
 * Creates a Kling that handles creates by a script, whose last entry repeats. It refuses a known external id only for
 * `EXISTS`, and finds lip-syncs only by its own ids. Its list also contains tasks of other tenants.
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
    createVoiceTask: async (_request, { externalTaskId }) => create(externalTaskId),
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
