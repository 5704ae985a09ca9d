import {
  type DirectiveNode,
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableValues,
} from 'graphql';

/** The variables that decide which selections an operation has, with their values in one run. */
export type Conditions = ReadonlyMap<string, boolean>;

/** The names of the variables in `@skip` and `@include`; null if the document has directives that mean anything else. */
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
  // Others belong to fragments of other operations.
  const own = new Set(operation.variableDefinitions?.map(({ variable }) => variable.name.value));
  return [...names].filter((name) => own.has(name));
}

/** Null when one of them is neither true nor false: graphql has errors for that. */
export function readConditions(names: readonly string[], { coerced }: VariableValues): Conditions | null {
  const conditions = new Map<string, boolean>();
  for (const name of names) {
    const value = coerced[name];
    if (typeof value !== 'boolean') return null;
    conditions.set(name, value);
  }
  return conditions;
}

export function isIncluded({ directives = [] }: SelectionNode, conditions: Conditions): boolean {
  if (directives.length === 0) return true;
  const holds = (name: string) => {
    const directive = directives.find((each) => each.name.value === name);
    const condition = directive && conditionOf(directive);
    return typeof condition === 'string' ? conditions.get(condition) : condition;
  };
  return holds('skip') !== true && holds('include') !== false;
}

/** A constant, or the name of the variable. Null for what is no condition. */
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
