/** The limits of what one isolate takes: large bodies at once, and requests at a rate. */

import {
  type DocumentNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  typeFromAST,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { GatewayError } from '../errors.ts';
import { requestFailure } from '../graphql/errors.ts';
import { fragmentsOf } from '../graphql/limits.ts';

/** The most large bodies in one isolate at once. 4 of 8 MB take a quarter of its 128 MB. */
export const LARGE_BODIES_MAX = 4;

/** The longest time that a request keeps its place: 60 s for its body, and 30 s for its response. */
const PLACE_MS_MAX = 90_000;

const RETRY_AFTER_MS = 2_000;

/** The dependencies of `createLargeBodies`. */
export interface LargeBodiesDeps {
  /** Counts a large body of a tenant. Throws `RATE_LIMITED` past the tenant's rate. */
  readonly takeRate: (tenant: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The places for large bodies in one isolate. A request keeps its place until it is answered, or its client disconnects. */
export interface LargeBodies {
  /**
   * Takes a place for the body of a request, before it is read. Throws a request error if no place is free (503), or if
   * the tenant has sent too many large bodies (429).
   */
  enter(request: Request, tenant: string): Promise<void>;
  /** Gives back the place of a request, if it has one. */
  leave(request: Request): void;
}

interface Place {
  readonly tenant: string;
  readonly untilMs: number;
}

/** Invariant: the last free place goes only to a tenant without a place, so that one tenant cannot keep all others out. */
export function createLargeBodies({ takeRate, now }: LargeBodiesDeps): LargeBodies {
  const places = new Set<Place>();
  const placeOf = new WeakMap<Request, Place>();

  function take(tenant: string): Place {
    const nowMs = now();
    for (const place of places) if (place.untilMs <= nowMs) places.delete(place);
    const hasOne = [...places].some((place) => place.tenant === tenant);
    if (places.size >= LARGE_BODIES_MAX - (hasOne ? 1 : 0)) throw busy();
    const place = { tenant, untilMs: nowMs + PLACE_MS_MAX };
    places.add(place);
    return place;
  }

  return {
    async enter(request, tenant) {
      const place = take(tenant);
      placeOf.set(request, place);
      // If the client disconnects, the Worker ends at its next await, and never calls `leave`.
      request.signal.addEventListener('abort', () => places.delete(place), { once: true });
      try {
        await takeRate(tenant);
      } catch (error) {
        places.delete(place);
        throw error instanceof GatewayError ? requestFailure(error.failure, 429) : error;
      }
    },
    leave(request) {
      const place = placeOf.get(request);
      if (place !== undefined) places.delete(place);
    },
  };
}

function busy() {
  const message = 'Too many large requests are being read. Nothing was done: send the same request again.';
  return requestFailure({ code: 'RATE_LIMITED', message, retryable: true, retryAfterMs: RETRY_AFTER_MS }, 503);
}

/** The `period` in wrangler.toml. The binding does not say when a request is allowed again. After a period it always is. */
const PERIOD_MS = 10_000;

/** Returns the part of an address that identifies a subscriber: all of IPv4, or the first 64 bits of IPv6, in one spelling. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  // An IPv4 address mapped into IPv6, such as ::ffff:203.0.113.7.
  const mapped = address.slice(address.lastIndexOf(':') + 1);
  if (mapped.includes('.')) return mapped;
  const [head = '', tail] = address.toLowerCase().split('::', 2);
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const groups = [...(before ?? []), ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...(after ?? [])];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** Returns the network of a request's client. Returns null if no trustworthy header names it, as in local development. */
export function clientNetworkOf({ headers }: Request): string | null {
  // Cloudflare overwrites this header. A client can forge any other.
  const address = headers.get('cf-connecting-ip') ?? '';
  return address === '' ? null : networkOf(address);
}

/** Cloudflare's rate-limit binding. */
export interface RateLimitBinding {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** Counts a request of `key`. Throws `RATE_LIMITED` if it has sent too many. */
export type RequestRate = (key: string) => Promise<void>;

/**
 * Creates the function from Cloudflare's rate-limit binding, which needs no network call. Without a binding, as in a bare
 * workerd, it counts nothing. The configuration refuses production without it.
 */
export function createRequestRate(binding: RateLimitBinding | null): RequestRate {
  return async (key) => {
    if (binding === null || (await binding.limit({ key })).success) return;
    throw new GatewayError({
      code: 'RATE_LIMITED',
      message: 'Too many requests.',
      retryable: true,
      retryAfterMs: PERIOD_MS,
    });
  };
}

/**
 * Finds base64 audio, the only large input, in the variables of an operation. The schema marks its fields with the
 * extension `isAudio`.
 */
export interface AudioInputs {
  /** The names of the queries and mutations that take base64 audio. */
  readonly fields: ReadonlySet<string>;
  /**
   * Counts the characters of the audio in an operation's variables. Returns null if the operation asks for none of
   * `fields`. The document need not be valid.
   */
  countChars(
    document: DocumentNode,
    operationName: string | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): number | null;
}

/** Reads the fields from the schema. Build it once per isolate. */
export function createAudioInputs(schema: GraphQLSchema): AudioInputs {
  const roots = [schema.getQueryType(), schema.getMutationType()];
  const taking = roots.flatMap((root) =>
    Object.values(root?.getFields() ?? {}).filter(({ args }) => args.some(({ type }) => holdsAudio(type))),
  );
  const fields = new Set(taking.map(({ name }) => name));

  return {
    fields,
    countChars(document, operationName, variables) {
      const operation = getOperationAST(document, operationName);
      if (operation === null || operation === undefined || operation.operation === OperationTypeNode.SUBSCRIPTION)
        return null;
      const names = rootFieldNames(document, operation.selectionSet);
      if (![...names].some((field) => fields.has(field))) return null;
      const direct = audioVariables(schema, document);
      // By name, so that an invalid document that defines a variable twice does not have it counted twice.
      const types = new Map(operation.variableDefinitions?.map(({ variable, type }) => [variable.name.value, type]));
      let chars = 0;
      for (const [name, typeNode] of types) {
        const value = Object.hasOwn(variables, name) ? variables[name] : null;
        const type = typeFromAST(schema, typeNode);
        if (typeof value === 'string') chars += direct.has(name) ? value.length : 0;
        else if (isInputType(type)) chars += charsIn(type, value);
      }
      return chars;
    },
  };
}

function isAudio(field: GraphQLInputField | undefined): boolean {
  return field?.extensions['isAudio'] === true;
}

function holdsAudio(type: GraphQLInputType, seen: ReadonlySet<object> = new Set()): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || seen.has(named)) return false;
  const more = new Set([...seen, named]);
  return Object.values(named.getFields()).some((field) => isAudio(field) || holdsAudio(field.type, more));
}

/** Returns the variables that are the value of an audio field in the document, as in `base64: $name`. */
function audioVariables(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      ObjectField({ name, value }) {
        const field = fieldOf(typeInfo.getParentInputType(), name.value);
        if (value.kind === Kind.VARIABLE && isAudio(field)) names.add(value.name.value);
      },
    }),
  );
  return names;
}

function fieldOf(type: GraphQLInputType | null | undefined, name: string): GraphQLInputField | undefined {
  const named = type ? getNamedType(type) : null;
  return isInputObjectType(named) && Object.hasOwn(named.getFields(), name) ? named.getFields()[name] : undefined;
}

/** Counts the characters of the audio in the value of a variable. */
function charsIn(type: GraphQLInputType, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let chars = 0;
  if (Array.isArray(value)) {
    const list = getNullableType(type);
    if (isListType(list)) for (const item of value) chars += charsIn(list.ofType, item);
    return chars;
  }
  for (const [key, item] of Object.entries(value)) {
    // GraphQL coerces a single object to a list, so the field's type may be a list here.
    const field = fieldOf(type, key);
    if (field === undefined) continue;
    chars += typeof item === 'string' && isAudio(field) ? item.length : charsIn(field.type, item);
  }
  return chars;
}

/** Returns the names of the fields at the root of a selection, with fragments spread out. */
function rootFieldNames(document: DocumentNode, selectionSet: SelectionSetNode): ReadonlySet<string> {
  const fragments = fragmentsOf(document);
  const names = new Set<string>();
  const spread = new Set<string>();
  function collect({ selections }: SelectionSetNode): void {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) names.add(node.name.value);
      else if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet);
      else if (!spread.has(node.name.value)) {
        spread.add(node.name.value);
        const fragment = fragments.get(node.name.value);
        if (fragment !== undefined) collect(fragment.selectionSet);
      }
    }
  }
  collect(selectionSet);
  return names;
}
