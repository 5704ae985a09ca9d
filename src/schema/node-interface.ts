import type { GatewayContext } from '../context.ts';
import { builder } from './builder.ts';
import type { GlobalId, NodeType } from './global-id.ts';

/** Finds one object by the id inside its global id; null when there is none, or when it is another caller's. */
type Load = (id: string, context: GatewayContext) => Promise<object | null>;

/** For the `id` of every type behind `Node`. */
export const ID_DESCRIPTION =
  "Opaque and stable: pass it back as it is, to `node` or wherever an `ID` of this type is asked for. Not one of Kling's ids.";

const loads = new Map<string, Load>();
const loaded = new WeakMap<GatewayContext, Map<string, Promise<object | null>>>();
/** What an object was asked for as: a record alone does not tell. */
const typenames = new WeakMap<object, string>();

/** Relay's Object Identification. Pothos' own plugin for it makes every `id` a promise, which a list of 500 pays for with a third of its time. */
export const NodeRef = builder.interfaceRef<object>('Node').implement({
  description: "Anything that can be read again by its id alone, as Relay's Object Identification asks.",
  resolveType: (node) => typenames.get(node),
  fields: (t) => ({ id: t.id({ description: ID_DESCRIPTION, resolve: refuse }) }),
});

/** Says how `node` finds the objects of a type. */
export function registerNode(typename: NodeType, load: Load): void {
  loads.set(typename, load);
}

/** Null for a type that is not registered too. One that is asked for twice in a request is read once. */
export async function loadNode({ typename, id }: GlobalId, context: GatewayContext): Promise<object | null> {
  const known = loaded.get(context) ?? new Map<string, Promise<object | null>>();
  loaded.set(context, known);
  const key = `${typename}:${id}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const node = read(typename, id, context);
  known.set(key, node);
  return node;
}

async function read(typename: string, id: string, context: GatewayContext): Promise<object | null> {
  const node = (await loads.get(typename)?.(id, context)) ?? null;
  if (node !== null) typenames.set(node, typename);
  return node;
}

/** Each type has an `id` of its own. */
function refuse(): never {
  throw new TypeError('a type without an id');
}
