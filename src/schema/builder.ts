import SchemaBuilder, { BasePlugin, brandWithType, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin, { resolveNodes } from '@pothos/plugin-relay';
import { type GraphQLResolveInfo, GraphQLString } from 'graphql';
import type { GatewayContext } from '../context.ts';
import { badUserInput } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { createIsoTime } from '../lib/iso-time.ts';
import { isRecord } from '../lib/json.ts';
import { decodeGlobalId, encodeGlobalId, type GlobalId, isNodeType, NO_OBJECT } from './global-id.ts';

/** The number of objects that one `nodes` loads at most. Each is one read of the ledger. */
const NODES_MAX = 100;

/** A scalar that is a text in answers. An argument is any text, which its resolver checks. */
interface TextScalar {
  Input: string;
  Output: string;
}

/** The schema builder that every type is added to. Fields are non-null and arguments are required by default. */
export const builder = new SchemaBuilder<{
  Context: GatewayContext;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: true;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    /** Resolvers return milliseconds since the epoch. An argument is as of a text scalar. */
    DateTime: { Input: string; Output: number };
    Decimal: TextScalar;
    Month: TextScalar;
    URL: TextScalar;
  };
}>({
  defaultFieldNullability: false,
  defaultInputFieldRequiredness: true,
  plugins: ['plainIds', ErrorsPlugin, RelayPlugin],
  relay: {
    cursorType: 'String',
    brandLoadedObjects: false,
    encodeGlobalID: (typename, id) => encodeGlobalId(typename, String(id)),
    decodeGlobalID: (globalId) => decodeGlobalId(globalId) ?? NO_OBJECT,
    idFieldOptions: {
      description: "An opaque, stable, global id. It is not one of Kling's ids.",
    },
    nodeTypeOptions: {
      description: 'An object that can be read again by its id.',
    },
    nodeQueryOptions: {
      description: 'Returns any object by its id. Null if there is no such object, or if it belongs to another tenant.',
      args: { id: { description: 'The `id` of an object of any type.' } },
      resolve: (_root, { id }, context, info) => findNode(id, context, info),
    },
    nodesQueryOptions: {
      description: 'Returns many objects, in the order of the ids. Null for each id that `node` does not find.',
      args: {
        ids: { description: `At most ${NODES_MAX}. A repeated id is read once.` },
      },
      extensions: withCost({ list: 'ids', max: NODES_MAX }),
      resolve(_root, { ids }, context, info) {
        if (ids.length > NODES_MAX) {
          throw badUserInput([{ path: ['ids'], code: 'OUT_OF_RANGE', message: `at most ${NODES_MAX} ids` }]);
        }
        return findNodes(ids, context, info);
      },
    },
    pageInfoTypeOptions: {
      description: 'The position of a page in its list. Lists are read forwards only.',
    },
    hasNextPageFieldOptions: { description: 'Whether more items may follow after `endCursor`.' },
    hasPreviousPageFieldOptions: {
      description: 'Whether `after` was given. No argument reads backwards.',
    },
    startCursorFieldOptions: { description: 'The cursor of the first item. Null if the page is empty.' },
    endCursorFieldOptions: {
      description:
        'The next `after`: the cursor of the last item. `taskUpdates` with a filter returns the last change that it examined, also for an empty page. Null if nothing was read.',
    },
    pageInfoFieldOptions: { description: 'Whether more items follow, and the cursor to continue with.' },
    edgesFieldOptions: {
      description: 'The items of this page with their cursors, in the order of the list.',
      nullable: false,
    },
    nodesOnConnection: {
      description: 'The items of this page, in the order of the list.',
    },
    cursorFieldOptions: {
      description:
        'The position of the item. `after: cursor` continues right after it, also if items were added or removed since.',
    },
    nodeFieldOptions: { description: 'The item itself.', nullable: false },
  },
});

builder.queryType({ description: 'Reads. They cost no units and change nothing.' });
builder.mutationType({
  description:
    "Work at Kling. Several mutations in one request run one after another, and a failure of one does not undo the others. Each task is made at most once, whatever happens on the way. Prices are Kling's, of 2026-09. A field is null beside a top-level error, such as `FORBIDDEN`.",
});

/**
 * Loads objects in the order of their ids. An object that is not found is null.
 *
 * Works around two limits of @pothos/plugin-relay 4.8.1. It throws for a type that has no nodes. It brands objects with
 * their type only when the whole batch is loaded, which is too late if two fields share one object.
 */
async function findNodes(
  ids: readonly GlobalId[],
  context: GatewayContext,
  info: GraphQLResolveInfo,
): Promise<readonly unknown[]> {
  const known = ids.map((id) => (isNodeType(id.typename) ? id : null));
  const nodes = await Promise.all(await resolveNodes(builder, context, info, known));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- brandWithType also takes the name of a type
  for (const [i, node] of nodes.entries()) brandWithType(node, ids[i]?.typename as never);
  return nodes;
}

/** Loads an object by its id. Returns null if it is not found. */
export async function findNode(id: GlobalId, context: GatewayContext, info: GraphQLResolveInfo): Promise<unknown> {
  const [node] = await findNodes([id], context, info);
  return node;
}

const toIsoTime = createIsoTime();

builder.scalarType('DateTime', {
  description:
    'An instant in UTC, ISO-8601 with milliseconds, as in `2026-09-01T12:00:00.000Z`. An input may have any offset, and up to 9 decimals; those after the third are ignored.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: toIsoTime,
  // The gateway checks the text itself, so that a wrong one does not hide what else is wrong.
  parseValue: (value) => GraphQLString.coerceInputValue(value),
});

/** Adds a scalar that is a text. It coerces as `String` does, which the executor answers without a call. */
function addTextScalar(name: 'Decimal' | 'Month' | 'URL', description: string, specifiedByURL?: string): void {
  builder.scalarType(name, {
    description,
    ...(specifiedByURL === undefined ? {} : { specifiedByURL }),
    serialize: GraphQLString.coerceOutputValue,
    parseValue: (value) => GraphQLString.coerceInputValue(value),
  });
}

addTextScalar('Decimal', 'An exact decimal number in a string, as in `"0.05"`.');
addTextScalar('Month', 'A calendar month in UTC, as in `2026-11`.');
addTextScalar(
  'URL',
  "An absolute URL, as the WHATWG URL standard defines it. Kling's URLs are passed on unchanged.",
  'https://url.spec.whatwg.org/',
);

/** Maps the domain's values to those of a GraphQL enum with the same names. */
export function enumValues<Value extends string>(values: readonly Value[], meaning: Readonly<Record<Value, string>>) {
  const described = values.map((value) => [value, { value, description: meaning[value] }] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries loses the names of keys
  return Object.fromEntries(described) as {
    readonly [Key in Value]: { readonly value: Key; readonly description: string };
  };
}

type DefinedOnly<T> = { [Key in keyof T]: T[Key] extends object ? DefinedOnly<T[Key]> : Exclude<T[Key], undefined> };

/**
 * Copies an input into plain objects without keys whose value is `undefined`, at every depth. The domain's types allow absent
 * keys only, and RPC refuses objects without a prototype, which GraphQL makes of inputs.
 */
export function definedOnly<T extends object>(input: T): DefinedOnly<T> {
  const entries = Object.entries(input).filter(([, value]) => value !== undefined);
  const given = entries.map(([key, value]: [string, unknown]) => [key, plainOf(value)] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries loses the names of keys
  return Object.fromEntries(given) as DefinedOnly<T>;
}

function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  return isRecord(value) ? definedOnly(value) : value;
}

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- Pothos takes the types of plugins from this namespace
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      plainIds: PlainIdsPlugin<Types>;
    }
  }
}

/** The options of a type that `builder.node` was called with. */
interface NodeOptions {
  readonly id?: { readonly resolve: (source: unknown) => string };
}

/** Resolves the `id` of a node synchronously. The relay plugin returns a promise for each, which slows down long lists. */
class PlainIdsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    if (field.kind !== 'Object' || field.name !== 'id') return field;
    const { name, pothosOptions } = this.builder.configStore.getTypeConfig(field.parentType, 'Object');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Pothos does not type the options that plugins add
    const { id } = pothosOptions as NodeOptions;
    return id === undefined ? field : { ...field, resolve: (source) => encodeGlobalId(name, id.resolve(source)) };
  }
}

SchemaBuilder.registerPlugin('plainIds', PlainIdsPlugin);
