import { GraphQLError, type GraphQLSchema } from 'graphql';
import { tooLongAnswer } from './answer-count.ts';
import { parseDocument } from './limits.ts';

/** The documents that clients may name, and what is wrong with the manifest that lists them. */
export interface TrustedDocuments {
  /** Each text by its id, without the prefix `sha256:`. */
  readonly documents: ReadonlyMap<string, string>;
  /** All at once; empty when the manifest is sound. */
  readonly problems: readonly string[];
}

const APOLLO_FORMAT = 'apollo-persisted-query-manifest';

/**
 * Reads a manifest: Apollo's, or a plain `{id: text}` as relay-compiler and graphql-codegen write it. Each document must
 * be within the limits of documents. Whether it fits the schema is checked with each request.
 */
export function parseTrustedDocuments(manifest: unknown, schema: GraphQLSchema): TrustedDocuments {
  const problems: string[] = [];
  const documents = new Map<string, string>();
  for (const { place, id, text } of entriesOf(manifest, problems)) {
    if (typeof id !== 'string' || id === '') problems.push(`${place} has no id`);
    else if (typeof text !== 'string' || text === '') problems.push(`${place} has no text`);
    else {
      const key = withoutPrefix(id);
      const known = documents.get(key);
      if (known !== undefined && known !== text) problems.push(`${place} has the id of another document`);
      const problem = problemOf(text, schema);
      if (problem === null) documents.set(key, text);
      else problems.push(`${place} cannot be served: ${problem}`);
    }
  }
  return { documents, problems };
}

/** An id as it is looked up: `sha256:` before it says only how it was made. */
export function withoutPrefix(id: string): string {
  return id.startsWith('sha256:') ? id.slice('sha256:'.length) : id;
}

interface Entry {
  readonly place: string;
  readonly id: unknown;
  readonly text: unknown;
}

function entriesOf(manifest: unknown, problems: string[]): readonly Entry[] {
  if (!isRecord(manifest)) {
    problems.push('it is not a JSON object');
    return [];
  }
  if (manifest['format'] !== APOLLO_FORMAT) {
    return Object.entries(manifest).map(([id, text]) => ({ place: `the document "${id}"`, id, text }));
  }
  const { version, operations } = manifest;
  if (version !== 1) problems.push('its version is not 1');
  if (!Array.isArray(operations)) {
    problems.push('its operations are not a list');
    return [];
  }
  return operations.map((operation: unknown, i) => {
    const { id, body, name } = isRecord(operation) ? operation : {};
    const place = typeof name === 'string' ? `the operation "${name}"` : `operation ${i + 1}`;
    return { place, id, text: body };
  });
}

function problemOf(text: string, schema: GraphQLSchema): string | null {
  try {
    return tooLongAnswer(schema, parseDocument(text))?.message ?? null;
  } catch (error) {
    if (error instanceof GraphQLError) return error.message;
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
