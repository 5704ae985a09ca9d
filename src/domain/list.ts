import type { Issue } from '../errors.ts';
import { parseIsoTime } from '../lib/time.ts';
import { checkAll, mapValidation, type Path, toValidation, type Validation } from './check.ts';
import type { TaskRecord } from './records.ts';
import { checkLabel, type TaskKind, type TaskStatus } from './task.ts';

/** Selects tasks that match every field. Hubs store it, so its keys must not be renamed. */
export interface TaskFilter {
  readonly kind: TaskKind | null;
  /** Empty for all statuses. */
  readonly statuses: readonly TaskStatus[];
  /** The first instant that matches, in milliseconds since the epoch. Missing for no bound. */
  readonly createdFromMs?: number;
  /** The first instant that no longer matches. Missing for no bound. */
  readonly createdBeforeMs?: number;
  /** Missing for all tasks, also those without a label. */
  readonly label?: string;
}

/** Selects every task. */
export const ALL_TASKS: TaskFilter = { kind: null, statuses: [] };

/** A filter as a caller sends it. A field that is missing or null selects all. */
export interface TaskFilterInput {
  readonly kind?: TaskKind | null | undefined;
  readonly status?: readonly TaskStatus[] | null | undefined;
  readonly createdFrom?: string | null | undefined;
  readonly createdBefore?: string | null | undefined;
  readonly label?: string | null | undefined;
}

/** The orders of a list of tasks, by their creation. */
export const TASK_ORDERS = ['NEWEST_FIRST', 'OLDEST_FIRST'] as const;
export type TaskOrder = (typeof TASK_ORDERS)[number];

/** Returns true if a task matches every field of a filter. */
export function matchesFilter(filter: TaskFilter, { kind, status, createdAtMs, label }: TaskRecord): boolean {
  const { statuses, createdFromMs = -Infinity, createdBeforeMs = Infinity } = filter;
  if (filter.kind !== null && kind !== filter.kind) return false;
  if (statuses.length > 0 && !statuses.includes(status)) return false;
  if (createdAtMs < createdFromMs || createdAtMs >= createdBeforeMs) return false;
  return filter.label === undefined || label === filter.label;
}

/** Checks a filter. The label is trimmed, as that of a task is. Two equal instants select nothing. */
export function checkTaskFilter(
  { kind, status, createdFrom, createdBefore, label }: TaskFilterInput,
  path: Path,
): Validation<TaskFilter> {
  const from = checkInstant(createdFrom, [...path, 'createdFrom']);
  const before = checkInstant(createdBefore, [...path, 'createdBefore']);
  const isSwapped = from.ok && before.ok && (before.value ?? Infinity) < (from.value ?? -Infinity);
  const message = 'must not be before `createdFrom`';
  const swapped: Issue = { path: [...path, 'createdBefore'], code: 'OUT_OF_RANGE', message };
  const texts = checkAll<{ from: number | null; before: number | null; label: string | null }>(
    { from, before, label: checkLabel(label ?? null, [...path, 'label']) },
    isSwapped ? [swapped] : [],
  );
  return mapValidation(texts, (checked) => ({
    kind: kind ?? null,
    statuses: status ?? [],
    ...(checked.from === null ? {} : { createdFromMs: checked.from }),
    ...(checked.before === null ? {} : { createdBeforeMs: checked.before }),
    ...(checked.label === null ? {} : { label: checked.label }),
  }));
}

function checkInstant(text: string | null | undefined, path: Path): Validation<number | null> {
  if (text === null || text === undefined) return { ok: true, value: null };
  const ms = parseIsoTime(text);
  const message = 'must be an instant with its offset from UTC, as in `2026-09-01T12:00:00.000Z`';
  return toValidation(ms, ms === null ? [{ path, code: 'MALFORMED', message }] : []);
}

const FORM = /^([\w-]{1,64})\.(\d{1,15})$/;

/**
 * Creates an opaque cursor of an item in a list or log. `namespace` names the list and its owner, in letters, digits, `_` and
 * `-`: a cursor of another list or owner is refused.
 */
export function toCursor(namespace: string, seq: number): string {
  return btoa(`${namespace}.${seq}`).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
}

/** Returns the place of a cursor; null if it is not a cursor of this namespace. */
export function parseCursor(namespace: string, cursor: string): number | null {
  if (!/^[\w-]{1,128}$/.test(cursor)) return null;
  let text: string;
  try {
    text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
  const [, its, seq] = FORM.exec(text) ?? [];
  // Base64 ignores some bits, so another spelling of a cursor would decode to the same place.
  return its === namespace && toCursor(namespace, Number(seq)) === cursor ? Number(seq) : null;
}

/** A window of a list: the `first` items after an opaque cursor. `after` is null for the start of the list. */
export interface Window {
  readonly first: number;
  readonly after: string | null;
}

/** The items of a window, each with the cursor that continues after it. */
export interface Slice<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly hasNextPage: boolean;
  /** The cursor up to which the list was read, if that is not the last edge; null if nothing was read. */
  readonly endCursor?: string | null;
}
