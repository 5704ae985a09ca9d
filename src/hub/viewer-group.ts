import { readableTasks } from '../auth/scoped-ledger.ts';
import type { Watch } from '../domain/watch.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { PreparedSubscription } from './operations.ts';

/** Past a viewer's scopes a subscription is `FORBIDDEN`, or narrowed to the tasks that it may read. */
export function readable(viewer: Viewer, watch: Watch): Watch {
  return { ...watch, filter: readableTasks(viewer, watch.filter) };
}

/** Who shares an execution: the same operation, for the same tenant, within the same scopes. */
export function groupKeyOf({ tenant, scopes }: Viewer, { key }: Pick<PreparedSubscription, 'key'>): string {
  return `${tenant}\n${scopes.toSorted().join(' ')}\n${key}`;
}
