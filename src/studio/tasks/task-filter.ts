import type { VariablesOf } from '../api/graphql.ts';
import type { Task, TasksDocument } from '../api/documents.ts';

/** The filter of a task list. */
export interface TaskFilter {
  readonly kind: 'all' | 'lip-syncs' | 'voices';
  readonly state: 'all' | 'under-way' | 'done' | 'failed' | 'cancelled';
}

/** The variables of a list that depend on its filter. */
type FilterVariables = Pick<VariablesOf<typeof TasksDocument>, 'kind' | 'status'>;

export const KINDS = [
  { value: 'all', label: 'All' },
  { value: 'lip-syncs', label: 'Lip-syncs' },
  { value: 'voices', label: 'Voices' },
] as const;

export const STATES = [
  { value: 'all', label: 'All' },
  { value: 'under-way', label: 'Active' },
  { value: 'done', label: 'Done' },
  { value: 'failed', label: 'Failed' },
  { value: 'cancelled', label: 'Cancelled' },
] as const;

const KIND_VARIABLES = { all: {}, 'lip-syncs': { kind: 'LIP_SYNC' }, voices: { kind: 'VOICE' } } as const;
const STATE_VARIABLES: Readonly<Record<TaskFilter['state'], Pick<FilterVariables, 'status'>>> = {
  all: {},
  'under-way': { status: ['PREPARING', 'QUEUED', 'SUBMITTED', 'PROCESSING', 'UNRECOGNIZED'] },
  done: { status: ['SUCCEEDED'] },
  failed: { status: ['FAILED'] },
  cancelled: { status: ['CANCELLED'] },
};

/** Maps a filter to variables. */
export function toVariables({ kind, state }: TaskFilter): FilterVariables {
  return { ...KIND_VARIABLES[kind], ...STATE_VARIABLES[state] };
}

/** Whether a list with these variables contains the task. Follows the gateway's rules. */
export function isListed({ kind, status }: FilterVariables, task: Task): boolean {
  const ofKind = kind === (task.__typename === 'LipSyncTask' ? 'LIP_SYNC' : 'VOICE');
  return (kind == null || ofKind) && (status == null || status.length === 0 || status.includes(task.status));
}

/** Maps a filter to the search part of a URL. Empty for all tasks. */
export function toSearch({ kind, state }: TaskFilter): string {
  const search = new URLSearchParams();
  if (kind !== 'all') search.set('kind', kind);
  if (state !== 'all') search.set('state', state);
  return search.size === 0 ? '' : `?${search.toString()}`;
}

/** Reads a filter from the search part of a URL. Unknown values mean all tasks. */
export function parseSearch(text: string): TaskFilter {
  const search = new URLSearchParams(text);
  return {
    kind: KINDS.find(({ value }) => value === search.get('kind'))?.value ?? 'all',
    state: STATES.find(({ value }) => value === search.get('state'))?.value ?? 'all',
  };
}
