import {
  type DirectiveNode,
  type DocumentNode,
  getDirectiveValues,
  type GraphQLDirective,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableValues,
} from 'graphql';

/** The values of the variables that decide which fields an operation has in one run. */
export interface Conditions {
  /** The variables that are booleans. */
  readonly values: ReadonlyMap<string, boolean>;
  /** All variables if a condition is not a boolean, else null. Graphql then creates the error where the condition is used. */
  readonly faulty: VariableValues | null;
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
