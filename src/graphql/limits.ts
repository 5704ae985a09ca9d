import { type DefinitionNode, type DocumentNode, GraphQLError, Kind, parse, type SelectionSetNode } from 'graphql';
import { createMeasure, type Fragments, fragmentsOf } from './document-measure.ts';
import { documentDepth } from './nesting.ts';
import { createCountRepeats } from './repeated-fields.ts';
import { requestError } from './request-error.ts';

/** Far above what a client writes: the introspection query, the largest in use, has 350 tokens. */
const LIMITS = {
  /** Parsing and validating take time by the token, and some rules by its square. */
  tokens: 2000,
  /** The place of each error is found by counting lines. */
  lines: 2000,
  /** The parser recurses by the bracket, of selections and of values. */
  brackets: 200,
  /** Without introspection, which needs 15. */
  depth: 12,
  /** Fields with fragments spread out, as they would be resolved. */
  fields: 500,
  rootFields: 20,
  /** The same field in one place of the answer. Whether these can be merged takes time by the square of it. */
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

/** Such a fragment is reached through `__schema` and `__type` only, where MaxIntrospectionDepthRule bounds the depth. */
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
