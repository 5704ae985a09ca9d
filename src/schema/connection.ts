import type { Validation } from '../domain/check.ts';
import type { Slice, Window } from '../domain/list.ts';
import { badUserInput } from '../errors.ts';
import type { FieldCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';

const FIRST_DEFAULT = 20;
const FIRST_MAX = 100;

/** The cost of a list that takes `windowArgs`. */
export const WINDOW_COST: FieldCost = { list: 'first', default: FIRST_DEFAULT, max: FIRST_MAX };

export interface WindowArgs {
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** Creates the arguments of a list. Lists are read forwards only. */
export function windowArgs() {
  return builder.args((t) => ({
    first: t.int({
      defaultValue: FIRST_DEFAULT,
      description: `How many items to return, 0 to ${FIRST_MAX}.`,
    }),
    after: t.string({
      required: false,
      description:
        'Returns items after this cursor. Null starts at the beginning. A cursor of another list is `BAD_USER_INPUT`.',
    }),
  }));
}

/** Checks the number of items. The list itself checks the cursor. */
export function checkWindow({ first, after }: WindowArgs): Validation<Window> {
  if (first >= 0 && first <= FIRST_MAX) return { ok: true, value: { first, after: after ?? null } };
  return { ok: false, issues: [{ path: ['first'], code: 'OUT_OF_RANGE', message: `must be from 0 to ${FIRST_MAX}` }] };
}

/** Throws `BAD_USER_INPUT` if `first` is out of range. */
export function toWindow(args: WindowArgs): Window {
  const checked = checkWindow(args);
  if (!checked.ok) throw badUserInput(checked.issues);
  return checked.value;
}

/** Converts a slice to a Relay connection. */
export function toConnection<T>(
  { edges, hasNextPage, endCursor = edges.at(-1)?.cursor ?? null }: Slice<T>,
  window: Window,
) {
  return {
    edges,
    pageInfo: {
      hasNextPage,
      hasPreviousPage: window.after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor,
    },
  };
}
