import {
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { costOf, type FieldCost } from '../lib/field-cost.ts';
import { requestError } from './errors.ts';
import { type Fragments, fragmentsOf } from './limits.ts';

/** The most fields in one answer. Bounds the work of the ledger and of Kling's client, and the size of the response. */
const ANSWERS_MAX = 20_000;

/**
 * Refuses an operation whose answer may have more than 20,000 fields with `QUERY_TOO_COMPLEX`. Each list counts with the
 * most items that its arguments allow. A variable allows the maximum.
 */
export function AnswerCountRule(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const error = tooLongAnswer(context.getSchema(), document);
      if (error !== null) context.reportError(error);
      return false;
    },
  };
}

/** Returns the error of the first operation whose answer may be too long. Returns null if all are short enough. */
export function tooLongAnswer(schema: GraphQLSchema, document: DocumentNode): GraphQLError | null {
  const fragments = fragmentsOf(document);
  for (const node of document.definitions) {
    const count = node.kind === Kind.OPERATION_DEFINITION ? countAnswers(schema, fragments, node) : 0;
    if (count <= ANSWERS_MAX) continue;
    const problem = `up to ${count} fields to answer, counting its lists as long as they may get; ${ANSWERS_MAX} are answered at once: ask for less by "first" or "pageSize"`;
    return requestError('QUERY_TOO_COMPLEX', `The document has ${problem}.`, 400);
  }
  return null;
}

/** The fields that are answered once, and those that are answered once for each item of the enclosing list. */
interface Count {
  readonly once: number;
  readonly perItem: number;
}

const NOTHING: Count = { once: 0, perItem: 0 };

/** Returns how many fields a field counts as. `items` is the number of its items, or 1 if it is not a list. */
type Weigh = (cost: FieldCost, items: number) => number;

/**
 * Counts the fields of an operation's answer, with lists as long as they may get. An abstract type counts as the largest
 * of the types that it can be. Each selection is counted once per type, so that fragments that spread each other repeatedly stay
 * cheap. Other rules refuse cycles of fragments and unknown fields.
 */
export function countAnswers(
  schema: GraphQLSchema,
  fragments: Fragments,
  { operation, selectionSet }: OperationDefinitionNode,
  weigh: Weigh = () => 1,
): number {
  const counted = new Map<GraphQLNamedType | undefined, Map<SelectionSetNode, Count>>();

  function countSelections(selections: SelectionSetNode, type: GraphQLNamedType | undefined, cost: FieldCost): Count {
    if (!isAbstractType(type)) return countOnce(selections, type);
    const possible = schema.getPossibleTypes(type).filter(({ name }) => cost.types?.includes(name) ?? true);
    const counts = possible.map((each) => countOnce(selections, each));
    return {
      once: Math.max(0, ...counts.map(({ once }) => once)),
      perItem: Math.max(0, ...counts.map(({ perItem }) => perItem)),
    };
  }

  function countOnce(selections: SelectionSetNode, type: GraphQLNamedType | undefined): Count {
    const ofType = counted.get(type) ?? new Map<SelectionSetNode, Count>();
    counted.set(type, ofType);
    const known = ofType.get(selections);
    if (known !== undefined) return known;
    ofType.set(selections, NOTHING);
    const count = selections.selections.map((node) => countSelection(node, type)).reduce(add, NOTHING);
    ofType.set(selections, count);
    return count;
  }

  function countSelection(node: SelectionNode, type: GraphQLNamedType | undefined): Count {
    if (node.kind === Kind.FIELD) return countField(node, type);
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
    if (fragment === undefined || !isOf(schema, type, fragment.typeCondition?.name.value)) return NOTHING;
    return countOnce(fragment.selectionSet, type);
  }

  function countField(node: FieldNode, parent: GraphQLNamedType | undefined): Count {
    const field = fieldOf(schema, parent, node.name.value);
    if (field === undefined) return { once: 1, perItem: 0 };
    const cost = costOf(field);
    const isList = isListType(getNullableType(field.type));
    const items = itemsOf(node, cost);
    const weight = weigh(cost, items ?? 1);
    const leaf = isList ? { once: 1, perItem: 0 } : NOTHING;
    const inside =
      node.selectionSet === undefined ? leaf : countSelections(node.selectionSet, getNamedType(field.type), cost);
    if (!isList) return { once: weight + inside.once + inside.perItem * (items ?? 1), perItem: 0 };
    const perItem = inside.once + inside.perItem;
    return items === null ? { once: 0, perItem: weight + perItem } : { once: weight + perItem * items, perItem: 0 };
  }

  const { once, perItem } = countSelections(selectionSet, schema.getRootType(operation) ?? undefined, {});
  return once + perItem;
}

function add(a: Count, b: Count): Count {
  return { once: a.once + b.once, perItem: a.perItem + b.perItem };
}

/** Returns true if a fragment with this type condition applies to objects of this type. */
function isOf(schema: GraphQLSchema, type: GraphQLNamedType | undefined, condition: string | undefined): boolean {
  if (type === undefined || condition === undefined || condition === type.name) return true;
  const wider = schema.getType(condition);
  return isAbstractType(wider) && isObjectType(type) && schema.isSubType(wider, type);
}

/** Returns the definition of a field, except for introspection, which graphql's MaxIntrospectionDepthRule bounds. */
function fieldOf(
  schema: GraphQLSchema,
  parent: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  return parent === undefined || !isCompositeType(parent) || name.startsWith('__')
    ? undefined
    : schema.getField(parent, name);
}

/** Returns the most items of a field. Returns null if the enclosing field decides it, as for the nodes of a connection. */
function itemsOf(
  { arguments: given = [] }: FieldNode,
  { max, list, default: byDefault = max }: FieldCost,
): number | null {
  if (max === undefined || byDefault === undefined) return null;
  const value = given.find(({ name }) => name.value === list)?.value;
  if (value === undefined) return byDefault;
  if (value.kind === Kind.INT) return Math.min(Math.max(Number(value.value), 0), max);
  return value.kind === Kind.LIST ? Math.min(value.values.length, max) : max;
}
