import {
  type DocumentNode,
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
}

const NOTHING: Measure = { depth: 0, fields: 0, aliases: 0, directives: 0 };

/** Each fragment is measured once, so that fragments which double each other cost nothing. Circles are left to validation. */
export function createMeasure(fragments: Fragments): (selectionSet: SelectionSetNode) => Measure {
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
    const name = node.name.value;
    const depth = name === '__schema' || name === '__type' ? 1 : inside.depth + 1;
    return { ...add({ ...own, fields: 1, aliases: node.alias === undefined ? 0 : 1 }, inside), depth };
  }

  return measureSelections;
}

function add(a: Measure, b: Measure): Measure {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
  };
}

/** By name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Of two fragments with one name the last; validation refuses both. */
export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}
