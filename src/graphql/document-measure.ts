import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** What a selection asks for, with its fragments spread out. */
export interface Measure {
  /** Without what is below `__schema` and `__type`, whose depth graphql's own MaxIntrospectionDepthRule bounds. */
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields as they would be answered, with lists as long as they may get. */
  readonly answers: number;
  /** Those of them that come once for each item of a list, whose length the field around says. */
  readonly answersPerItem: number;
}

/** What a list shows when it is not told: 20 of a connection, 30 of a page of Kling's. */
const ITEMS_DEFAULT = 30;

/** The arguments that say how long a list is, and the most that each may say. */
const SIZE_ARGUMENTS: Readonly<Record<string, number>> = { first: 100, ids: 100, pageSize: 500 };

/** The fields of connections and pages that hold the items. */
const LISTS = new Set(['edges', 'items']);

const NOTHING: Measure = { depth: 0, fields: 0, aliases: 0, directives: 0, answers: 0, answersPerItem: 0 };

/**
 * Each fragment is measured once, so that fragments which double each other cost nothing; cycles are left to validation.
 * `weightOf` says how many fields one counts for in `answers`.
 */
export function createMeasure(
  fragments: Fragments,
  weightOf: (node: FieldNode) => number = () => 1,
): (selectionSet: SelectionSetNode) => Measure {
  const measured = new Map<string, Measure>();

  function measureFragment(name: string): Measure {
    const known = measured.get(name);
    if (known !== undefined) return known;
    measured.set(name, NOTHING);
    const fragment = fragments.get(name);
    const result = fragment === undefined ? NOTHING : measureSelections(fragment.selectionSet);
    measured.set(name, result);
    return result;
  }

  function measureSelections({ selections }: SelectionSetNode): Measure {
    return selections.map(measureSelection).reduce(add, NOTHING);
  }

  function measureSelection(node: SelectionNode): Measure {
    const own = { ...NOTHING, directives: node.directives?.length ?? 0 };
    if (node.kind === Kind.FRAGMENT_SPREAD) return add(own, measureFragment(node.name.value));
    const inside = node.selectionSet === undefined ? NOTHING : measureSelections(node.selectionSet);
    if (node.kind === Kind.INLINE_FRAGMENT) return add(own, inside);
    return add(
      { ...own, fields: 1, aliases: node.alias === undefined ? 0 : 1 },
      { ...inside, ...aroundOf(node, inside, weightOf(node)) },
    );
  }

  return measureSelections;
}

/** What a field makes of what is inside it. */
function aroundOf(
  node: FieldNode,
  inside: Measure,
  weight: number,
): Pick<Measure, 'depth' | 'answers' | 'answersPerItem'> {
  const name = node.name.value;
  const depth = name === '__schema' || name === '__type' ? 1 : inside.depth + 1;
  if (LISTS.has(name))
    return { depth, answers: 0, answersPerItem: weight + inside.answers + inside.answersPerItem * ITEMS_DEFAULT };
  const size = sizeOf(node);
  const isListItself = node.arguments?.some((argument) => argument.name.value === 'ids') === true;
  const once = inside.answers * (isListItself ? size : 1);
  return { depth, answers: weight + once + inside.answersPerItem * size, answersPerItem: 0 };
}

/** How many items the lists directly inside a field hold, or it itself. A variable may say the most. */
export function sizeOf({ arguments: given = [] }: FieldNode): number {
  for (const { name, value } of given) {
    const max = SIZE_ARGUMENTS[name.value];
    if (max === undefined) continue;
    if (value.kind === Kind.INT) return Math.min(Math.max(Number(value.value), 0), max);
    if (value.kind === Kind.LIST) return Math.min(value.values.length, max);
    if (value.kind === Kind.VARIABLE) return max;
  }
  return ITEMS_DEFAULT;
}

function add(a: Measure, b: Measure): Measure {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    answers: a.answers + b.answers,
    answersPerItem: a.answersPerItem + b.answersPerItem,
  };
}

/** By name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Of two fragments with one name the last; validation refuses both. */
export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}
