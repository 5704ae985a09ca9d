import SchemaBuilder, { BasePlugin, brandWithType, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin, { resolveNodes } from '@pothos/plugin-relay';
import { type GraphQLResolveInfo, GraphQLString } from 'graphql';
import type { GatewayContext, TaskHandle } from '../domain/ports.ts';
import type { Validation } from '../domain/check.ts';
import type { Slice, Window } from '../domain/list.ts';
import { badUserInput } from '../errors.ts';
import { type FieldCost, withCost } from '../lib/field-cost.ts';
import { createIsoTime } from '../lib/time.ts';
import { isRecord } from '../lib/json.ts';

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

type DefinedOnly<T> = { [Key in keyof T]: Defined<T[Key]> };

type Defined<Value> = Value extends undefined ? never : Value extends object ? DefinedOnly<Value> : Value;

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

/** The types that `node` finds. Every id contains the name of its type, so renaming one is a breaking change. */
export const NODE_TYPES = [
  'LipSyncTask',
  'VoiceTask',
  'Voice',
  'FaceScan',
  'Face',
  'Speech',
  'Media',
  'WebhookEndpoint',
  'WebhookDelivery',
] as const;
export type NodeType = (typeof NODE_TYPES)[number];

const ASCII = /^[ -~]*$/;

/** A decoded id: the type of the object, and its id within the type. */
export interface GlobalId {
  readonly typename: string;
  readonly id: string;
}

/** Stands for an id that this gateway did not make. No object has it. */
export const NO_OBJECT: GlobalId = { typename: '', id: '' };

/** Returns whether `node` finds objects of this type. */
function isNodeType(typename: string): boolean {
  return NODE_TYPES.some((type) => type === typename);
}

/** Encodes `Type:id` in base64url without padding. The result needs no escaping in URLs. */
export function encodeGlobalId(typename: string, id: string): string {
  const text = `${typename}:${id}`;
  const base64 = btoa(ASCII.test(text) ? text : toBinary(text));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function toBinary(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** Returns null if `encodeGlobalId` would not make exactly this text. So each object has one id, and clients can cache by it. */
export function decodeGlobalId(globalId: string): GlobalId | null {
  const text = decodeText(globalId);
  const colon = text?.indexOf(':') ?? -1;
  if (text === null || colon < 1 || colon === text.length - 1) return null;
  const decoded = { typename: text.slice(0, colon), id: text.slice(colon + 1) };
  return encodeGlobalId(decoded.typename, decoded.id) === globalId ? decoded : null;
}

/** Returns the id within the type. Returns null for an id of another type. */
export function idOf(type: NodeType, globalId: GlobalId | null | undefined): string | null {
  return globalId?.typename === type ? globalId.id : null;
}

/** Returns the task that a global id names. Returns null for an id of another type. */
export function taskHandleOf({ typename, id }: GlobalId): TaskHandle | null {
  if (typename === 'LipSyncTask') return { id, kind: 'LIP_SYNC' };
  return typename === 'VoiceTask' ? { id, kind: 'VOICE' } : null;
}

function decodeText(globalId: string): string | null {
  try {
    const binary = atob(globalId.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

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
