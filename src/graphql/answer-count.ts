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
import { type Fragments, fragmentsOf } from './limits.ts';
import { requestError } from './errors.ts';

/** What the ledger, Kling's client and the answer have to bear. */
const ANSWERS_MAX = 20_000;

/**
 * Refuses an operation whose answer may have more than 20,000 fields with `QUERY_TOO_COMPLEX`. Each list counts as long as
 * its arguments allow, and a variable allows the most.
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

/** Returns the error of the first operation of a document whose answer may be too long; null if all are short enough. */
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

/** Fields that are answered once, and fields that are answered once for each item of the list around them. */
interface Count {
  readonly once: number;
  readonly perItem: number;
}

const NOTHING: Count = { once: 0, perItem: 0 };

/** How many fields a field counts for. `items`: how many items it shows; 1 where it is no list. */
type Weigh = (cost: FieldCost, items: number) => number;

/**
 * Counts the fields of an operation's answer, with lists as long as they may get. An object that may be of several types
 * counts as the largest of them. Each selection is counted once for a type, so that fragments which double each other
 * cost nothing. Circles, and fields that do not exist, are left to other rules.
 */
export function countAnswers(
  schema: GraphQLSchema,
  fragments: Fragments,
  { operation, selectionSet }: OperationDefinitionNode,
  weigh: Weigh = () => 1,
): number {
  const counted = new Map<GraphQLNamedType | undefined, Map<SelectionSetNode, Count>>();

  function countSelections(selections: SelectionSetNode, type: GraphQLNamedType | undefined): Count {
    if (!isAbstractType(type)) return countOnce(selections, type);
    const counts = schema.getPossibleTypes(type).map((possible) => countOnce(selections, possible));
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
      node.selectionSet === undefined ? leaf : countSelections(node.selectionSet, getNamedType(field.type));
    if (!isList) return { once: weight + inside.once + inside.perItem * (items ?? 1), perItem: 0 };
    const perItem = inside.once + inside.perItem;
    return items === null ? { once: 0, perItem: weight + perItem } : { once: weight + perItem * items, perItem: 0 };
  }

  const { once, perItem } = countSelections(selectionSet, schema.getRootType(operation) ?? undefined);
  return once + perItem;
}

function add(a: Count, b: Count): Count {
  return { once: a.once + b.once, perItem: a.perItem + b.perItem };
}

/** Whether an object of this type has what a fragment with this condition selects. */
function isOf(schema: GraphQLSchema, type: GraphQLNamedType | undefined, condition: string | undefined): boolean {
  if (type === undefined || condition === undefined || condition === type.name) return true;
  const wider = schema.getType(condition);
  return isAbstractType(wider) && isObjectType(type) && schema.isSubType(wider, type);
}

/** Introspection is not counted: graphql's own MaxIntrospectionDepthRule bounds it. */
function fieldOf(
  schema: GraphQLSchema,
  parent: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  return parent === undefined || !isCompositeType(parent) || name.startsWith('__')
    ? undefined
    : schema.getField(parent, name);
}

/** How many items a field shows; null where that is for the field around it to say. */
function itemsOf(
  { arguments: given = [] }: FieldNode,
  { max, list, default: byDefault = max }: FieldCost,
): number | null {
  if (max === undefined || byDefault === undefined) return null;
  const value = given.find(({ name }) => name.value === list)?.value;
  if (value === undefined || value.kind === Kind.NULL) return byDefault;
  if (value.kind === Kind.INT) return Math.min(Math.max(Number(value.value), 0), max);
  return value.kind === Kind.LIST ? Math.min(value.values.length, max) : max;
}
