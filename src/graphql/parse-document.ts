import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { documentDepth } from './nesting.ts';
import { requestError } from './request-error.ts';

/** Far above what a client writes: the introspection query, the largest in use, has 350 tokens and a depth of 15. */
const LIMITS = {
  /** Parsing and validating take time by the token, and some rules by its square. */
  tokens: 2000,
  /** The parser recurses by the bracket, of selections and of values. */
  brackets: 200,
  depth: 20,
  /** Fields with fragments spread out, as they would be resolved. */
  fields: 500,
  rootFields: 20,
  aliases: 30,
  directives: 50,
  operations: 10,
  /** Fields as they would be answered, with lists as long as they may get: what the ledger and the answer have to bear. */
  answers: 20_000,
} as const;

interface Measure {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  readonly answers: number;
}

/** Parses a document. Throws `QUERY_TOO_COMPLEX` for one that asks for too much, and graphql's own error for one that is none. */
export function parseDocument(source: string): DocumentNode {
  if (documentDepth(source, LIMITS.brackets) > LIMITS.brackets) {
    throw tooComplex(`brackets nested deeper than ${LIMITS.brackets}`);
  }
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

function shapeProblem(document: DocumentNode): string | null {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operations.length > LIMITS.operations) return `more than ${LIMITS.operations} operations`;
  const measureSelections = createMeasure(document);
  for (const { selectionSet } of document.definitions.filter(hasSelections)) {
    const measured = measureSelections(selectionSet);
    for (const what of ['depth', 'fields', 'aliases', 'directives', 'answers'] as const) {
      if (measured[what] > LIMITS[what]) return `more than ${LIMITS[what]} ${WORDS[what]}`;
    }
  }
  const rootFields = Math.max(0, ...operations.map(({ selectionSet }) => countRootFields(document, selectionSet)));
  return rootFields > LIMITS.rootFields ? `more than ${LIMITS.rootFields} fields at the root` : null;
}

/** Each fragment is measured once, so that fragments which double each other cost nothing; cycles are left to validation. */
function createMeasure(document: DocumentNode) {
  const fragments = fragmentsOf(document);
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

  function measureSelection(node: SelectionSetNode['selections'][number]): Measure {
    const own = { ...NOTHING, directives: node.directives?.length ?? 0 };
    if (node.kind === Kind.FRAGMENT_SPREAD) return add(own, measureFragment(node.name.value));
    const inside = node.selectionSet === undefined ? NOTHING : measureSelections(node.selectionSet);
    if (node.kind === Kind.INLINE_FRAGMENT) return add(own, inside);
    return add(
      { ...own, fields: 1, answers: 1, aliases: node.alias === undefined ? 0 : 1 },
      { ...inside, depth: inside.depth + 1, answers: inside.answers * itemsOf(node) },
    );
  }

  return measureSelections;
}

/** A window of a list shows so many when it does not say, and at most so many. */
const ITEMS_DEFAULT = 20;
const ITEMS_MAX = 100;

/** How many items a field may answer with: by its `first` or its `ids`; a connection that says nothing has a default. */
function itemsOf({ arguments: given = [], selectionSet }: FieldNode): number {
  const size = given.find(({ name }) => name.value === 'first' || name.value === 'ids')?.value;
  if (size?.kind === Kind.INT) return Math.min(Math.max(Number(size.value), 0), ITEMS_MAX);
  if (size?.kind === Kind.LIST) return Math.min(size.values.length, ITEMS_MAX);
  if (size?.kind === Kind.VARIABLE) return ITEMS_MAX;
  const isConnection = selectionSet?.selections.some((node) => node.kind === Kind.FIELD && node.name.value === 'edges');
  return isConnection === true ? ITEMS_DEFAULT : 1;
}

const WORDS = {
  depth: 'levels',
  fields: 'fields',
  aliases: 'aliases',
  directives: 'directives',
  answers: 'fields to answer, with lists as long as they may get',
} as const;

const NOTHING: Measure = { depth: 0, fields: 0, aliases: 0, directives: 0, answers: 0 };

function add(a: Measure, b: Measure): Measure {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    answers: a.answers + b.answers,
  };
}

function countRootFields(document: DocumentNode, { selections }: SelectionSetNode): number {
  const fragments = fragmentsOf(document);
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

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

function hasSelections<Node extends { readonly kind: Kind }>(
  node: Node,
): node is Node & { readonly selectionSet: SelectionSetNode } {
  return node.kind === Kind.OPERATION_DEFINITION || node.kind === Kind.FRAGMENT_DEFINITION;
}

function tooComplex(problem: string): GraphQLError {
  return requestError('QUERY_TOO_COMPLEX', `The document has ${problem}.`, 400);
}
