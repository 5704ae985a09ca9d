import type { OutputRef } from '@pothos/core';
import type { Slice, Window } from '../domain/ports.ts';
import { badUserInput } from '../errors.ts';
import type { FieldCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';

const FIRST_DEFAULT = 20;
const FIRST_MAX = 100;

/** What a list with `windowArgs` costs. */
export const WINDOW_COST: FieldCost = { list: 'first', default: FIRST_DEFAULT, max: FIRST_MAX };

export interface WindowArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** The arguments of every list, which is walked forwards only. */
export function windowArgs() {
  return builder.args((t) => ({
    first: t.int({
      required: false,
      defaultValue: FIRST_DEFAULT,
      description: `How many to show, 0 to ${FIRST_MAX}; anything else is \`BAD_USER_INPUT\`. Null is the default.`,
    }),
    after: t.string({
      required: false,
      description:
        'Show what comes behind this cursor; null starts at the beginning. A cursor of another list is `BAD_USER_INPUT`.',
    }),
  }));
}

/** Throws `BAD_USER_INPUT` for a `first` that is out of range; the cursor is its list's to read. */
export function toWindow({ first, after }: WindowArgs): Window {
  const size = first ?? FIRST_DEFAULT;
  if (size < 0 || size > FIRST_MAX) {
    throw badUserInput([{ path: ['first'], message: `must be from 0 to ${FIRST_MAX}` }]);
  }
  return { first: size, after: after ?? null };
}

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

interface Edge<T> {
  readonly cursor: string;
  readonly node: T;
}

interface Connection<T> {
  readonly edges: readonly Edge<T>[];
  readonly pageInfo: PageInfo;
}

const PageInfoRef = builder.objectRef<PageInfo>('PageInfo').implement({
  description: "Where a window of a list lies in the whole, as Relay's Cursor Connections ask.",
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', {
      description: 'Whether asking again with `after: endCursor` would show more.',
    }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description:
        'Whether an `after` was given: lists are walked forwards only, so there is no way back but to start over.',
    }),
    startCursor: t.exposeString('startCursor', {
      nullable: true,
      description: 'The cursor of the first edge shown; null when the window is empty.',
    }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'The cursor of the last edge shown: the next `after`. Null when the window is empty.',
    }),
  }),
});

interface ConnectionOptions<T> {
  readonly node: OutputRef<T>;
  /** Of the connection, without its `Connection`. */
  readonly name: string;
  readonly description: string;
  readonly edgeDescription: string;
}

/** The types of one list, as Relay's Cursor Connections ask. */
export function connectionRef<T>({ node, name, description, edgeDescription }: ConnectionOptions<T>) {
  const EdgeRef = builder.objectRef<Edge<T>>(`${name}Edge`).implement({
    description: edgeDescription,
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description:
          'Opaque; `after: cursor` continues right behind this item, also when items were added or removed meanwhile.',
      }),
      node: t.expose('node', { type: node, description: 'The item itself.' }),
    }),
  });
  return builder.objectRef<Connection<T>>(`${name}Connection`).implement({
    description,
    fields: (t) => ({
      edges: t.expose('edges', {
        type: [EdgeRef],
        description: "The items of this window in the list's order. Empty when there are none.",
      }),
      pageInfo: t.expose('pageInfo', {
        type: PageInfoRef,
        description: 'Whether there is more, and the cursor to ask for it with.',
      }),
    }),
  });
}

/** A slice in Relay's shape. */
export function toConnection<T>({ edges, hasNextPage }: Slice<T>, window: Window): Connection<T> {
  return {
    edges,
    pageInfo: {
      hasNextPage,
      hasPreviousPage: window.after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
