import { GraphQLError, type GraphQLSchema } from 'graphql';
import { sha256 } from '../lib/hash.ts';
import { createBoundedCache } from '../lib/cache.ts';
import { requestError } from './errors.ts';
import { tooLongAnswer } from './answer-count.ts';
import { parseDocument } from './limits.ts';

/** How a request names its document, as it came: by its text, by an id of the manifest, or by the hash of its text. */
export interface DocumentReference {
  /** Null and empty: none. */
  readonly query: string | null;
  readonly documentId: string | null;
  /** Of it `persistedQuery` is read. */
  readonly extensions: Readonly<Record<string, unknown>> | null;
}

export interface FoundDocument {
  readonly text: string;
  /** Its id in the manifest, if the request named it by that. */
  readonly documentId: string | null;
}

export interface DocumentsOptions {
  /** The manifest's, by id. */
  readonly trusted: ReadonlyMap<string, string>;
  /** Whether only those are served, and no text. */
  readonly trustedOnly: boolean;
  /** Whether texts are kept by their hash (automatic persisted queries). */
  readonly automatic: boolean;
}

/** Finds the text that a request names. Keeps what clients have sent by its hash: build it once per isolate. */
export interface Documents {
  /** Throws request errors only: an id or hash that is not known, a hash that is not that of the text, a text where none is served. */
  find(reference: DocumentReference): Promise<FoundDocument>;
}

/** 2 MB at most: texts alone are kept. */
const AUTOMATIC = { charsPerEntryMax: 32_768, charsMax: 1_048_576, charsOf: (text: string) => text.length };

export function createDocuments({ trusted, trustedOnly, automatic }: DocumentsOptions): Documents {
  const learnt = createBoundedCache(AUTOMATIC);

  async function learn(text: string, hash: string): Promise<void> {
    if (learnt.get(hash) === text) return;
    // Otherwise anybody could put another document in the place of one that all clients run.
    if ((await sha256(text)) !== hash) throw refused('The hash of "persistedQuery" is not the SHA-256 of the query.');
    learnt.set(hash, text);
  }

  return {
    async find({ query, documentId, extensions }) {
      if (query !== null && query !== '') {
        if (trustedOnly) throw refused('Documents are served by their id only: send "documentId", and no "query".');
        const hash = automatic ? hashOf(extensions) : null;
        if (hash !== null) await learn(query, hash);
        return { text: query, documentId: null };
      }
      const hash = hashOf(extensions);
      for (const id of [documentId, hash]) {
        const text = id === null ? undefined : trusted.get(withoutPrefix(id));
        if (id !== null && text !== undefined) return { text, documentId: id };
      }
      if (hash === null) {
        throw documentId === null
          ? refused('"query" must be a text with a GraphQL document.')
          : refused('There is no document with this id.');
      }
      if (!trustedOnly && !automatic)
        throw requestError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported', 200);
      const text = trustedOnly ? undefined : learnt.get(hash);
      if (text === undefined) throw requestError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound', 200);
      return { text, documentId: null };
    },
  };
}

/**
 * The id that a request carries, where clients put it: `documentId` as in the specification's appendix (urql), `doc_id`
 * and `id` as Relay's network layers do. Null: none.
 */
export function documentIdOf({ documentId, doc_id, id }: Readonly<Record<string, unknown>>): string | null {
  for (const candidate of [documentId, doc_id, id]) {
    if (typeof candidate === 'string' && candidate !== '') return candidate;
  }
  return null;
}

/** Null: the request has none. */
function hashOf(extensions: DocumentReference['extensions']): string | null {
  const persisted: unknown = extensions?.['persistedQuery'];
  if (persisted === undefined || persisted === null) return null;
  const version: unknown = typeof persisted === 'object' ? Reflect.get(persisted, 'version') : undefined;
  const hash: unknown = typeof persisted === 'object' ? Reflect.get(persisted, 'sha256Hash') : undefined;
  if (version !== 1 || typeof hash !== 'string' || hash === '') {
    throw refused('"persistedQuery" must have version 1 and a "sha256Hash".');
  }
  return hash;
}

function refused(message: string): GraphQLError {
  return requestError('BAD_USER_INPUT', message, 400);
}

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
