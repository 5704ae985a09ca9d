import {
  type ASTNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getDirectiveValues,
  type GraphQLDirective,
  GraphQLError,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLResolveInfoHelpers,
  type GraphQLSchema,
  GraphQLSkipDirective,
  isNonNullType,
  Kind,
  locatedError,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableValues,
} from 'graphql';

/** The data that all parts of a compiled operation share. */
export interface Plan {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  /** Fragments by name. The object has no prototype, because resolvers see it in their `info`. */
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly conditions: Conditions;
  /** Receives the number of fields that were compiled. */
  readonly onFields: (count: number) => void;
  /** Compiles the selection of an object of this type at this position, when it is first used. */
  readonly selectionOf: (type: GraphQLObjectType, position: Position) => Select;
}

/** The values of the variables that decide which fields an operation has in one run. */
export interface Conditions {
  /** The variables that are booleans. */
  readonly values: ReadonlyMap<string, boolean>;
  /** All variables if a condition is not a boolean, else null. Graphql then creates the error where the condition is used. */
  readonly faulty: VariableValues | null;
}

/**
 * A place in the response, without the indices of the lists around it. A `Frame` holds those. A path is built from both, and
 * only after an error.
 */
export interface Position {
  readonly up: Position | null;
  /** The response key. Null for an item of a list. */
  readonly key: string | null;
  /** The type that has the field. Undefined for an item of a list. */
  readonly typename: string | undefined;
  /** The fields of the document that are merged here. */
  readonly nodes: readonly FieldNode[];
  /** Whether an error here makes the position above null. */
  readonly isRequired: boolean;
}

/** The position of a field. */
export interface Site extends Position {
  readonly key: string;
  readonly plan: Plan;
  readonly parentType: GraphQLObjectType;
  readonly field: GraphQLField;
}

/** Completes the value that a resolver gave for a position. Throws the error that makes the position null. */
export type Complete = (value: unknown, frame: Frame) => unknown;

/** Reads an object of the response, or one of its fields, from a source. Returns a promise if a resolver does. */
export type Select = (source: unknown, frame: Frame) => unknown;

/** One execution of an operation. */
export interface Run {
  readonly rootValue: unknown;
  readonly contextValue: unknown;
  readonly variableValues: VariableValues;
  /** In the order in which they were reported. */
  readonly errors: Error[];
  /** The paths, joined to strings, that errors have made null. */
  readonly nulled: Set<string>;
  /** The number of errors that may still be reported one by one. */
  errorsLeft: number;
  /** The error that replaces all errors after the limit. Null before the limit. */
  tooMany: GraphQLError | null;
  /** True once the data is complete. The abort signals of resolvers then fire. */
  isAnswered: boolean;
  /** True once the result is returned. No resolver is called after that. As in graphql, a few microtasks after `isAnswered`. */
  isEnded: boolean;
  abort: AbortController | null;
  helpers: GraphQLResolveInfoHelpers | null;
  /** The functions that all `info` of the run share. Null until the first. */
  getAbortSignal: GraphQLResolveInfo['getAbortSignal'] | null;
  getAsyncHelpers: GraphQLResolveInfo['getAsyncHelpers'] | null;
}

/** The list item that is being completed. `up` is the item of the list around it. */
export interface Frame {
  readonly run: Run;
  readonly index: number;
  readonly up: Frame | null;
  /** The path of the item, which all `info` below it share. Undefined until the first. */
  path: GraphQLResolveInfo['path'] | undefined;
}

export function itemPosition(up: Position, itemType: GraphQLOutputType): Position {
  return { up, key: null, typename: undefined, nodes: up.nodes, isRequired: isNonNullType(itemType) };
}

/** Names a field as graphql's errors do. */
export function fieldNameOf({ parentType, field }: Site): string {
  return `${parentType.name}.${field.name}`;
}

/** Reports an error and returns null for its position. Throws the located error if the position above becomes null. */
export function settleError(error: unknown, position: Position, frame: Frame): null {
  const path = toPath(position, frame);
  const located = locate(error, position, path, frame.run);
  if (position.isRequired) throw located;
  addError(frame.run, located, path);
  return null;
}

function locate(error: unknown, { nodes }: Position, path: readonly (string | number)[], run: Run): GraphQLError {
  const isLocated = error instanceof GraphQLError && error.path !== undefined;
  if (isLocated || run.errorsLeft > 0) {
    if (!isLocated) run.errorsLeft -= 1;
    return locatedError(error, nodes, path);
  }
  run.tooMany ??= tooManyErrors(nodes, path);
  return run.tooMany;
}

/** The error that stands for all errors after the limit. */
export function tooManyErrors(nodes: readonly ASTNode[], path: readonly (string | number)[]): GraphQLError {
  return new GraphQLError('There are too many errors: the others are not reported.', { nodes, path });
}

/** Reports an error, unless an earlier error has made its position or one above null. */
export function addError(run: Run, error: Error, path: readonly (string | number)[]): void {
  const { nulled } = run;
  if (error === run.tooMany && run.errors.includes(error)) return;
  let text = '';
  if (nulled.has(text)) return;
  for (const key of path) {
    text += `.${key}`;
    if (nulled.has(text)) return;
  }
  nulled.add(text);
  run.errors.push(error);
}

/** The path of an error. */
export function toPath(position: Position, frame: Frame): (string | number)[] {
  const path: (string | number)[] = [];
  let around: Frame | null = frame;
  for (let at: Position | null = position; at !== null; at = at.up) {
    if (at.key !== null) path.push(at.key);
    else if (around !== null) {
      path.push(around.index);
      around = around.up;
    }
  }
  return path.toReversed();
}

/** The path in `info`: a linked list that begins with the innermost key. */
function toLinkedPath({ up, key, typename }: Position, frame: Frame): GraphQLResolveInfo['path'] {
  if (key !== null) return { prev: up === null ? undefined : toLinkedPath(up, frame), key, typename };
  frame.path ??= {
    prev: up === null ? undefined : toLinkedPath(up, frame.up ?? frame),
    key: frame.index,
    typename,
  };
  return frame.path;
}

/** Returns the frame of a field. `frame` is that of a position in its value, such as an item of its list. */
export function frameOfField(site: Site, position: Position, frame: Frame): Frame {
  let around = frame;
  for (let at: Position | null = position; at !== null && at !== site; at = at.up) around = around.up ?? around;
  return around;
}

/** Creates the fourth argument of a resolver. `frame` is that of the field. */
export function createInfo(site: Site, frame: Frame): GraphQLResolveInfo {
  const { plan, parentType, field, nodes } = site;
  const { run } = frame;
  return {
    fieldName: field.name,
    fieldNodes: nodes,
    returnType: field.type,
    parentType,
    path: toLinkedPath(site, frame),
    schema: plan.schema,
    fragments: plan.fragments,
    rootValue: run.rootValue,
    operation: plan.operation,
    variableValues: run.variableValues,
    getAbortSignal: (run.getAbortSignal ??= () => abortSignalOf(run)),
    getAsyncHelpers: (run.getAsyncHelpers ??= () => helpersOf(run)),
  };
}

function abortSignalOf(run: Run): AbortSignal {
  run.abort ??= new AbortController();
  if (run.isAnswered) run.abort.abort();
  return run.abort.signal;
}

function helpersOf(run: Run): GraphQLResolveInfoHelpers {
  run.helpers ??= {
    promiseAll: (values) => {
      const all = Promise.all(values);
      all.then(undefined, () => forget(values));
      return all;
    },
    track: forget,
  };
  return run.helpers;
}

/** Returns whether graphql treats a value as a promise: it has a method `then`. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return isObjectOrFunction(value) && typeof value['then'] === 'function';
}

/** Returns whether graphql reads fields from the properties of a value. It does not for strings and numbers. */
export function isObjectOrFunction(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Prevents unhandled rejections of promises that are no longer awaited. */
export function forget(values: Iterable<unknown>): void {
  for (const value of values) {
    if (isPromiseLike(value)) value.then(ignore, ignore);
  }
}

function ignore(): void {}

/** Finds the variables in `@skip` and `@include`. Returns null if the document has other directives or fragments with variables. */
export function findConditions(document: DocumentNode, operation: OperationDefinitionNode): readonly string[] | null {
  if (hasDirectives(operation)) return null;
  const names = new Set<string>();
  const open: SelectionSetNode[] = [operation.selectionSet];
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    if (hasDirectives(definition) || (definition.variableDefinitions?.length ?? 0) > 0) return null;
    open.push(definition.selectionSet);
  }
  for (let set = open.pop(); set !== undefined; set = open.pop()) {
    for (const selection of set.selections) {
      for (const directive of selection.directives ?? []) {
        const condition = conditionOf(directive);
        if (condition === null) return null;
        if (typeof condition === 'string') names.add(condition);
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD && (selection.arguments?.length ?? 0) > 0) return null;
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet !== undefined)
        open.push(selection.selectionSet);
    }
  }
  // The other variables belong to fragments of other operations.
  const own = new Set(operation.variableDefinitions?.map(({ variable }) => variable.name.value));
  return [...names].filter((name) => own.has(name));
}

export function readConditions(names: readonly string[], variableValues: VariableValues): Conditions {
  const values = new Map<string, boolean>();
  for (const name of names) {
    const value = variableValues.coerced[name];
    if (typeof value === 'boolean') values.set(name, value);
  }
  return { values, faulty: values.size < names.length ? variableValues : null };
}

/** Returns whether a selection is executed. Throws graphql's error if a condition is not a boolean. */
export function isIncluded(selection: SelectionNode, conditions: Conditions): boolean {
  const { directives = [] } = selection;
  if (directives.length === 0) return true;
  const holds = (definition: GraphQLDirective): unknown => {
    const directive = directives.find(({ name }) => name.value === definition.name);
    const condition = directive && conditionOf(directive);
    if (typeof condition !== 'string') return condition;
    const value = conditions.values.get(condition);
    if (value !== undefined || conditions.faulty === null) return value;
    return getDirectiveValues(definition, selection, conditions.faulty)?.['if'];
  };
  return holds(GraphQLSkipDirective) !== true && holds(GraphQLIncludeDirective) !== false;
}

/** Returns a constant or the name of a variable. Returns null if the directive is not a condition. */
function conditionOf({ name, arguments: args = [] }: DirectiveNode): boolean | string | null {
  const [argument] = args;
  if (name.value !== 'skip' && name.value !== 'include') return null;
  if (argument === undefined || args.length > 1 || argument.name.value !== 'if') return null;
  if (argument.value.kind === Kind.BOOLEAN) return argument.value.value;
  return argument.value.kind === Kind.VARIABLE ? argument.value.name.value : null;
}

function hasDirectives({ directives = [] }: Pick<SelectionNode, 'directives'>): boolean {
  return directives.length > 0;
}
