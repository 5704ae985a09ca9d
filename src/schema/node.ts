import { badUserInput } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { decodeGlobalId } from './global-id.ts';
import { loadNode, NodeRef } from './node-interface.ts';
import type { GatewayContext } from '../context.ts';

/** How many objects `nodes` loads at once: each is one read of the ledger. */
const NODES_MAX = 100;

builder.queryFields((t) => ({
  node: t.field({
    type: NodeRef,
    nullable: true,
    description:
      "Any object by its `id`. Null when there is none, when it is not the caller's, or when the id is not one of this gateway's: the three cannot be told apart.",
    args: { id: t.arg.id({ description: 'An `id` that this gateway gave out, of whatever type.' }) },
    resolve: (_root, { id }, context) => find(id, context),
  }),
  nodes: t.field({
    type: [NodeRef],
    nullable: { list: false, items: true },
    description:
      'As `node`, for many at once: the answers are in the order of the ids, null for each that is not found.',
    args: {
      ids: t.arg.idList({ description: `At most ${NODES_MAX}; more are \`BAD_USER_INPUT\`. Repeats are read once.` }),
    },
    extensions: withCost({ list: 'ids', max: NODES_MAX }),
    async resolve(_root, { ids }, context) {
      if (ids.length > NODES_MAX) throw badUserInput([{ path: ['ids'], message: `at most ${NODES_MAX} ids` }]);
      return Promise.all(ids.map((id) => find(id, context)));
    },
  }),
}));

async function find(id: string, context: GatewayContext): Promise<object | null> {
  const decoded = decodeGlobalId(id);
  return decoded === null ? null : loadNode(decoded, context);
}
