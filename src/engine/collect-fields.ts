import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type InlineFragmentNode,
  isAbstractType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { isIncluded } from './conditions.ts';
import type { Plan } from './plan.ts';

/** What is selected of an object of one type: the fields of each response key, both in the order of the document. */
export function collectFields(
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
