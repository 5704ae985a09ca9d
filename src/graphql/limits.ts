import {
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { endOfString, nestingDepth } from '../lib/json.ts';
import { requestError } from './errors.ts';

/** Far above what clients send. The introspection query, the largest document in use, has 350 tokens. */
const LIMITS = {
  /** The time of parsing and validation is linear in the tokens, and quadratic for some rules. */
  tokens: 2000,
  /** Graphql counts lines to find the place of each error. */
  lines: 2000,
  /** The parser recurses for each bracket of a selection or value. */
  brackets: 200,
  /** Does not apply to introspection, which needs 15. */
  depth: 12,
  /** Fields, counted with fragments spread out. */
  fields: 500,
  rootFields: 20,
  /** Repeats of one field at one place of the answer. Graphql compares each with each to see that they can be merged. */
  repeats: 30,
  aliases: 30,
  directives: 50,
  operations: 10,
} as const;

/** Parses a document. Throws `QUERY_TOO_COMPLEX` for one that asks for too much, and graphql's own error for a text that is not a document. */
export function parseDocument(source: string): DocumentNode {
  if (documentDepth(source, LIMITS.brackets) > LIMITS.brackets) {
    throw tooComplex(`brackets nested deeper than ${LIMITS.brackets}`);
  }
  if (hasMoreLines(source, LIMITS.lines)) throw tooComplex(`more than ${LIMITS.lines} lines`);
  const document = parseTokens(source);
  const problem = shapeProblem(document);
  if (problem !== null) throw tooComplex(problem);
  return document;
}

function parseTokens(source: string): DocumentNode {
  try {
    return parse(source, { maxTokens: LIMITS.tokens });
  } catch (error) {
    if (error instanceof GraphQLError && /contains more than \d+ tokens/.test(error.message)) {
      throw tooComplex(`more than ${LIMITS.tokens} tokens`);
    }
    throw error;
  }
}

/** A line ends with a line feed, a carriage return, or both. */
function hasMoreLines(source: string, max: number): boolean {
  let lines = 1;
  const ends = /\r\n?|\n/g;
  while (lines <= max && ends.test(source)) lines += 1;
  return lines > max;
}

function shapeProblem(document: DocumentNode): string | null {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operations.length > LIMITS.operations) return `more than ${LIMITS.operations} operations`;
  const fragments = fragmentsOf(document);
  const measureSelections = createMeasure(fragments);
  const countRepeats = createCountRepeats(fragments, measureSelections);
  for (const node of document.definitions.filter(hasSelections)) {
    const measured = { ...measureSelections(node.selectionSet), ...(isOfIntrospection(node) && { depth: 0 }) };
    for (const what of ['depth', 'fields', 'aliases', 'directives'] as const) {
      if (measured[what] > LIMITS[what]) return `more than ${LIMITS[what]} ${WORDS[what]}`;
    }
    const repeats = countRepeats(node.selectionSet);
    if (repeats > LIMITS.repeats) return `a field more than ${LIMITS.repeats} times in one place`;
  }
  const rootFields = Math.max(0, ...operations.map(({ selectionSet }) => countRootFields(fragments, selectionSet)));
  return rootFields > LIMITS.rootFields ? `more than ${LIMITS.rootFields} fields at the root` : null;
}

/** Returns true for a fragment of introspection, whose depth graphql's MaxIntrospectionDepthRule bounds. */
function isOfIntrospection(node: DefinitionNode): boolean {
  return node.kind === Kind.FRAGMENT_DEFINITION && node.typeCondition.name.value.startsWith('__');
}

const WORDS = { depth: 'levels', fields: 'fields', aliases: 'aliases', directives: 'directives' } as const;

function countRootFields(fragments: Fragments, { selections }: SelectionSetNode): number {
  const counted = new Map<string, number>();
  function count(nodes: SelectionSetNode['selections']): number {
    return nodes.map(countOne).reduce((sum, fields) => sum + fields, 0);
  }
  function countOne(node: SelectionSetNode['selections'][number]): number {
    if (node.kind === Kind.FIELD) return 1;
    if (node.kind === Kind.INLINE_FRAGMENT) return count(node.selectionSet.selections);
    const name = node.name.value;
    const known = counted.get(name);
    if (known !== undefined) return known;
    counted.set(name, 0);
    const fields = count(fragments.get(name)?.selectionSet.selections ?? []);
    counted.set(name, fields);
    return fields;
  }
  return count(selections);
}

function hasSelections<Node extends { readonly kind: Kind }>(
  node: Node,
): node is Node & { readonly selectionSet: SelectionSetNode } {
  return node.kind === Kind.OPERATION_DEFINITION || node.kind === Kind.FRAGMENT_DEFINITION;
}

function tooComplex(problem: string): GraphQLError {
  return requestError('QUERY_TOO_COMPLEX', `The document has ${problem}.`, 400);
}

/** The fields that are merged at one place of the answer. */
interface Place {
  count: number;
  readonly inside: Map<string, Place>;
}

/**
 * Creates the function that returns how often a selection repeats one field at one place of the answer, with fragments
 * spread out. It visits every field, so limit their number first.
 */
function createCountRepeats(
  fragments: Fragments,
  measure: (selectionSet: SelectionSetNode) => Measure,
): (selectionSet: SelectionSetNode) => number {
  const spreading = new Set<string>();
  let most = 0;

  function visit({ selections }: SelectionSetNode, places: Map<string, Place>): void {
    for (const node of selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) visit(node.selectionSet, places);
      else if (node.kind === Kind.FRAGMENT_SPREAD) spread(node.name.value, places);
      else {
        const name = (node.alias ?? node.name).value;
        const place = places.get(name) ?? { count: 0, inside: new Map<string, Place>() };
        places.set(name, place);
        place.count += 1;
        most = Math.max(most, place.count);
        if (node.selectionSet !== undefined) visit(node.selectionSet, place.inside);
      }
    }
  }

  function spread(name: string, places: Map<string, Place>): void {
    const fragment = fragments.get(name);
    if (fragment === undefined || spreading.has(name)) return;
    // Fragments without fields are not limited by the number of fields, and could spread each other exponentially often.
    if (measure(fragment.selectionSet).fields === 0) return;
    spreading.add(name);
    visit(fragment.selectionSet, places);
    spreading.delete(name);
  }

  return (selectionSet) => {
    most = 0;
    visit(selectionSet, new Map());
    return most;
  };
}

/** The size of a selection, with fragments spread out. */
interface Measure {
  /** Does not count below `__schema` and `__type`, where graphql's MaxIntrospectionDepthRule bounds the depth. */
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
}

const NOTHING: Measure = { depth: 0, fields: 0, aliases: 0, directives: 0 };

/** Creates the function that measures selections. Measures each fragment once. Validation refuses cycles of fragments. */
function createMeasure(fragments: Fragments): (selectionSet: SelectionSetNode) => Measure {
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

/** The fragments of a document by name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Returns the fragments of a document. If two have the same name, which validation refuses, the last one wins. */
export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

/**
 * Returns how deep the brackets of a GraphQL document are nested, at most `limit + 1`. Does not recurse, because it guards
 * the parser, whose stack overflows at about 2,000. The result is meaningless after a syntax error, where the parser stops.
 */
export function documentDepth(document: string, limit: number): number {
  return nestingDepth(document, limit, (at) => endOfDocumentText(document, at));
}

/** The deepest JSON of a request. No input of the schema is deeper than 3. Code that reads variables recurses. */
export const JSON_DEPTH_MAX = 100;

function endOfDocumentText(document: string, at: number): number | null {
  if (document[at] === '#') return endOf(document.slice(at).search(/[\r\n]/), at, document);
  if (document[at] !== '"') return null;
  return document.startsWith('"""', at) ? endOfString(document, at + 3, '"""') : endOfString(document, at + 1, '"');
}

function endOf(found: number, at: number, text: string): number {
  return found === -1 ? text.length : at + found;
}
