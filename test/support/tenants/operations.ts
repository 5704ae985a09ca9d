import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';

/** A place of the schema that takes text: an argument of type ID or String, or such a field of an input object. */
export interface Place {
  /** For example `Mutation.createVoiceTask(input.sample.klingVideoId)`. */
  readonly name: string;
  readonly type: 'ID' | 'String';
  readonly operation: 'query' | 'mutation' | 'subscription';
  /** Returns the document for a caller with these ids. */
  readonly document: (own: Own) => string;
  /** Returns the variables, with the text in its place and the rest from `fill`. Throws if `fill` lacks one. */
  readonly variables: (text: string, fill: Fill) => Record<string, unknown>;
}

/**
 * Values of the other arguments by coordinate, such as `Query.tasks.first` or `CreateVoiceTaskInput.name`. Undefined leaves one
 * out. The name of a `@oneOf` input object stands for the whole object.
 */
export type Fill = Readonly<Record<string, unknown>>;

/** A global id of the caller's own for each type that has fields with arguments. */
export type Own = Readonly<Record<string, string>>;

/** Returns every place of the schema that takes text. It walks the schema, so later additions are found as well. */
export function placesOf(schema: GraphQLSchema): Place[] {
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  } as const;
  const places: Place[] = [];
  for (const operation of ['query', 'mutation', 'subscription'] as const) {
    for (const field of Object.values(roots[operation]?.getFields() ?? {})) {
      places.push(...placesOfField(schema, operation, roots[operation]?.name ?? '', field, (selection) => selection));
    }
  }
  const rootNames = new Set(Object.values(roots).map((root) => root?.name));
  for (const type of Object.values(schema.getTypeMap())) {
    if (!(isObjectType(type) || isInterfaceType(type)) || rootNames.has(type.name) || type.name.startsWith('__'))
      continue;
    for (const field of Object.values(type.getFields())) {
      places.push(
        ...placesOfField(schema, 'query', type.name, field, (selection, own) => {
          const parent = Object.values(roots.query?.getFields() ?? {}).find(
            ({ type: result, args }) => getNamedType(result) === type && args.length === 0,
          );
          if (parent !== undefined) return `${parent.name} { ${selection} }`;
          const id = own[type.name];
          if (id === undefined) throw new Error(`no id of the caller's own ${type.name}: add it to the estate`);
          return `node(id: "${id}") { ... on ${type.name} { ${selection} } }`;
        }),
      );
    }
  }
  return places;
}

function placesOfField(
  schema: GraphQLSchema,
  operation: Place['operation'],
  typename: string,
  field: GraphQLField<unknown, unknown>,
  wrap: (selection: string, own: Own) => string,
): Place[] {
  const coordinate = `${typename}.${field.name}`;
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const given = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  // Lists select less, because a list from a variable counts as the longest one. So do mutations, whose unions are large.
  // The objects around a list of an object count, too.
  const isOfObject = field.args.some(({ name }) => name === 'first') && typename !== schema.getQueryType()?.name;
  // `Node` has many types.
  const isList = isListType(getNullableType(field.type)) || getNamedType(field.type).name === 'Node';
  const depth = operation === 'query' && isOfObject ? 1 : operation === 'mutation' || isList ? 2 : 3;
  const selection = `${field.name}(${given})${selectionOf(schema, field.type, depth)}`;
  return field.args.flatMap((arg) =>
    textPaths(arg.type, [arg.name]).map(({ type: textType, path }) => ({
      type: textType,
      name: `${coordinate}(${path.join('.')})`,
      operation,
      document: (own: Own) => `${operation} (${declared}) { ${wrap(selection, own)} }`,
      variables: (text: string, fill: Fill) =>
        Object.fromEntries(
          field.args.map(({ name, type }) => [
            name,
            filled(type, `${coordinate}.${name}`, path[0] === name ? path.slice(1) : null, text, fill),
          ]),
        ),
    })),
  );
}

interface TextPath {
  readonly type: Place['type'];
  readonly path: readonly string[];
}

/** Returns the paths from an argument to the text fields in it. */
function textPaths(type: GraphQLInputType, path: readonly string[]): TextPath[] {
  const named = getNamedType(type);
  if (named.name === 'ID' || named.name === 'String') return [{ type: named.name, path }];
  if (!isInputObjectType(named)) return [];
  return Object.values(named.getFields()).flatMap((field) => textPaths(field.type, [...path, field.name]));
}

/** Fills in a value. `path` leads to the text in question, and is null if the text is elsewhere. */
function filled(
  type: GraphQLInputType,
  coordinate: string,
  path: readonly string[] | null,
  text: string,
  fill: Fill,
): unknown {
  if (isNonNullType(type)) return filled(type.ofType, coordinate, path, text, fill);
  if (isListType(type) && path !== null) return [filled(type.ofType, coordinate, path, text, fill)];
  if (path?.length === 0) return text;
  const named = getNamedType(type);
  if (!isInputObjectType(named) || (path === null && coordinate in fill)) return known(coordinate, fill);
  if (named.isOneOf && path === null) return known(named.name, fill);
  const fields = Object.values(named.getFields()).filter(({ name }) => !named.isOneOf || name === path?.[0]);
  return Object.fromEntries(
    fields.map((field) => {
      const inner = path?.[0] === field.name ? path.slice(1) : null;
      return [field.name, filled(field.type, `${named.name}.${field.name}`, inner, text, fill)];
    }),
  );
}

function known(coordinate: string, fill: Fill): unknown {
  if (!(coordinate in fill)) throw new Error(`no value for ${coordinate}: add it to ownInputs in estate.ts`);
  return fill[coordinate];
}

/**
 * Selects all fields without required arguments, `depth` levels deep, and those of interfaces once. Fields whose type differs
 * between types get an alias.
 */
function selectionOf(schema: GraphQLSchema, output: GraphQLOutputType, depth: number): string {
  const type = getNamedType(output);
  if (isLeafType(type)) return '';
  const types = isObjectType(type) ? [type] : schema.getPossibleTypes(type);
  const interfaces = new Set(types.flatMap((each) => each.getInterfaces()));
  const parts = [...interfaces, ...types].map((each) => {
    const fields = Object.values(each.getFields()).filter(
      (field) =>
        !each.getInterfaces().some((shared) => field.name in shared.getFields()) &&
        !field.args.some(isRequiredArgument) &&
        (depth > 1 || isLeafType(getNamedType(field.type))),
    );
    const selected = fields.map((field) => {
      const differs = types.some((other) => {
        const same = other.getFields()[field.name];
        return same !== undefined && String(same.type) !== String(field.type);
      });
      const alias = differs ? `${each.name}_${field.name}: ` : '';
      return alias + field.name + selectionOf(schema, field.type, depth - 1);
    });
    return `... on ${each.name} { ${selected.join(' ')} }`;
  });
  return ` { __typename ${parts.join(' ')} }`;
}
