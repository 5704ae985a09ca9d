import { resolveNodes } from '@pothos/plugin-relay';
import { badUserInput } from '../errors.ts';
import { builder } from './builder.ts';
import { decodeGlobalId, type GlobalId, NODE_TYPES } from './global-id.ts';

/** How many objects `nodes` loads at once: each is one read of the ledger. */
const NODES_MAX = 100;

builder.queryFields((t) => ({
  node: t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description:
      "Any object by its `id`. Null when there is none, when it is not the caller's, or when the id is not one of this gateway's: the three cannot be told apart.",
    args: { id: t.arg.id({ description: 'An `id` that this gateway gave out, of whatever type.' }) },
    async resolve(_root, { id }, context, info) {
      const [node] = await resolveNodes(builder, context, info, [toNodeId(id)]);
      return (await node) ?? null;
    },
  }),
  nodes: t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description:
      'As `node`, for many at once: the answers are in the order of the ids, null for each that is not found.',
    args: {
      ids: t.arg.idList({ description: `At most ${NODES_MAX}; more are \`BAD_USER_INPUT\`. Repeats are read once.` }),
    },
    async resolve(_root, { ids }, context, info) {
      if (ids.length > NODES_MAX) throw badUserInput([{ path: ['ids'], message: `at most ${NODES_MAX} ids` }]);
      const nodes = await Promise.all(await resolveNodes(builder, context, info, ids.map(toNodeId)));
      return nodes.map((node) => node ?? null);
    },
  }),
}));

/** Null for what `node` cannot find: the plugin takes it for nothing, but fails for a type that it does not know. */
function toNodeId(id: string): GlobalId | null {
  const decoded = decodeGlobalId(id);
  return decoded !== null && NODE_TYPES.some((type) => type === decoded.typename) ? decoded : null;
}
