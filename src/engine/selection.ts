import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getDirectiveValues,
  type GraphQLDirective,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  GraphQLSkipDirective,
  type InlineFragmentNode,
  isAbstractType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableValues,
} from 'graphql';
import { type CompiledField, compileField } from './field.ts';
import type { Conditions, Frame, Plan, Position, Select } from './info.ts';
import { forget, isObjectOrFunction, isPromiseLike } from './values.ts';

/** An object of the response. */
type Data = Record<string, unknown>;

interface SelectedField extends CompiledField {
  /** The response key. */
  readonly key: string;
}

/**
 * Compiles the fields of an object, or of the root if the position is null. Compilation waits for the first object, because an
 * operation may select far more, in nested fragments, than is ever read.
 */
export function compileSelection(plan: Plan, type: GraphQLObjectType, position: Position | null): Select {
  let fields: readonly SelectedField[] | null = null;
  let createData = createPlain;
  return (source, frame) => {
    if (fields === null) {
      fields = compileFields(plan, type, position);
      createData = creatorFor(fields);
    }
    const data = createData();
    try {
      return setFields(data, fields, source, frame) ? settleAll(data) : data;
    } catch (error) {
      const values = Object.values(data);
      if (values.some((value) => value instanceof Promise)) forget(values);
      throw error;
    }
  };
}

/** Compiles the fields of a mutation. Each field starts when the field before it is complete. */
export function compileSerialSelection(plan: Plan, type: GraphQLObjectType): Select {
  let fields: readonly SelectedField[] | null = null;
  return (source, frame) => {
    fields ??= compileFields(plan, type, null);
    let data: Data | Promise<Data> = creatorFor(fields)();
    for (const field of fields) {
      data =
        data instanceof Promise ? data.then((so) => add(field, so, source, frame)) : add(field, data, source, frame);
    }
    return data;
  };
}

function add({ key, select }: SelectedField, data: Data, source: unknown, frame: Frame): Data | Promise<Data> {
  const set = (value: unknown): Data => {
    data[key] = value;
    return data;
  };
  const value = select(source, frame);
  return value instanceof Promise ? value.then(set) : set(value);
}

/** Sets the fields of `data` one after another. Returns whether one is a promise. Throws if a required one failed. */
function setFields(data: Data, fields: readonly SelectedField[], source: unknown, frame: Frame): boolean {
  let isPending = false;
  const isReadable = isObjectOrFunction(source);
  for (const { key, property, select } of fields) {
    let value: unknown;
    if (property === null || !isReadable) value = select(source, frame);
    else {
      try {
        value = source[property.name];
      } catch (error) {
        value = property.fail(error, frame);
      }
      if (!property.isPlain(value) && (value !== null || property.isRequired))
        value = property.finish(value, source, frame);
    }
    data[key] = value;
    if (value instanceof Promise) isPending = true;
  }
  return isPending;
}

/** Awaits the fields that are promises, in as many microtasks as graphql's executor. */
async function settleAll(data: Data): Promise<Data> {
  const keys = Object.keys(data).filter((key) => isPromiseLike(data[key]));
  const settled = await Promise.all(keys.map((key) => data[key]));
  keys.forEach((key, i) => {
    data[key] = settled[i];
  });
  return data;
}

function createPlain(): Data {
  return {};
}

/** Prefers plain objects, which are faster. They cannot have `__proto__` as a response key. */
function creatorFor(fields: readonly SelectedField[]): () => Data {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create returns any
  return fields.some(({ key }) => key === '__proto__') ? () => Object.create(null) as Data : createPlain;
}

function compileFields(plan: Plan, type: GraphQLObjectType, up: Position | null): readonly SelectedField[] {
  const sets = up === null ? [plan.operation.selectionSet] : up.nodes.flatMap(({ selectionSet = [] }) => selectionSet);
  const fields: SelectedField[] = [];
  for (const [key, nodes] of collectFields(plan, type, sets)) {
    const field = plan.schema.getField(type, nodes[0]?.name.value ?? '');
    // Graphql too skips a field that the type does not have.
    if (field === undefined) continue;
    const isRequired = isNonNullType(field.type);
    const site = { up, key, typename: type.name, nodes, isRequired, plan, parentType: type, field };
    fields.push({ key, ...compileField(site) });
  }
  plan.onFields(fields.length);
  return fields;
}

/** Collects the selected fields of an object type by response key, both in the order of the document. */
function collectFields(
  plan: Plan,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): ReadonlyMap<string, readonly FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  const visit = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (!isIncluded(selection, plan.conditions)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const merged = fields.get(key);
        if (merged === undefined) fields.set(key, [selection]);
        else merged.push(selection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (appliesTo(plan, selection, type)) visit(selection.selectionSet);
      } else {
        const name = selection.name.value;
        const fragment = plan.fragments[name];
        if (fragment === undefined || spread.has(name) || !appliesTo(plan, fragment, type)) continue;
        spread.add(name);
        visit(fragment.selectionSet);
      }
    }
  };
  sets.forEach(visit);
  return fields;
}

function appliesTo(
  { schema }: Plan,
  { typeCondition }: InlineFragmentNode | FragmentDefinitionNode,
  type: GraphQLObjectType,
): boolean {
  if (typeCondition === undefined) return true;
  const condition = schema.getType(typeCondition.name.value);
  return condition === type || (isAbstractType(condition) && schema.isSubType(condition, type));
}

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
