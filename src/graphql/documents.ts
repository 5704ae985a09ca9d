import { GraphQLError, type GraphQLSchema } from 'graphql';
import { createBoundedCache } from '../lib/cache.ts';
import { sha256 } from '../lib/hash.ts';
import { isRecord } from '../lib/json.ts';
import { tooLongAnswer } from './operation.ts';
import { requestError } from './errors.ts';
import { parseDocument } from './limits.ts';

/** The ways in which a request names its document: by its text, by its id in the manifest, or by the hash of its text. */
export interface DocumentReference {
  /** Null or empty if the request has no text. */
  readonly query: string | null;
  readonly documentId: string | null;
  /** May have a `persistedQuery`. */
  readonly extensions: Readonly<Record<string, unknown>> | null;
}

/** A document that a request named. */
export interface FoundDocument {
  readonly text: string;
  /** The id in the manifest by which the request named the document. Null if it named it differently. */
  readonly documentId: string | null;
}

/** The ways in which requests may name documents. */
export interface DocumentsOptions {
  /** The texts of the manifest's documents, by id. */
  readonly trusted: ReadonlyMap<string, string>;
  /** Whether only trusted documents are served. */
  readonly trustedOnly: boolean;
  /** Whether texts are cached by their hash (automatic persisted queries). */
  readonly automatic: boolean;
}

/** Finds the document that a request names. */
export interface Documents {
  /**
   * Returns the text of the document. Throws a request error for an unknown id or hash, and for a hash that does not
   * match the text. Throws one for any text if only trusted documents are served.
   */
  find(reference: DocumentReference): Promise<FoundDocument>;
}

/** Takes at most 2 MB, because only texts are cached. */
const AUTOMATIC = { charsPerEntryMax: 32_768, charsMax: 1_048_576, charsOf: (text: string) => text.length };

/** Creates the cache of texts by their hash. Build it once per isolate. */
export function createDocuments({ trusted, trustedOnly, automatic }: DocumentsOptions): Documents {
  const textsByHash = createBoundedCache(AUTOMATIC);

  async function cache(text: string, hash: string): Promise<void> {
    if (textsByHash.get(hash) === text) return;
    // Without this check an attacker could replace a document that all clients run.
    if ((await sha256(text)) !== hash) throw refused('The hash of "persistedQuery" is not the SHA-256 of the query.');
    textsByHash.set(hash, text);
  }

  return {
    async find({ query, documentId, extensions }) {
      if (query !== null && query !== '') {
        if (trustedOnly) throw refused('Documents are served by their id only: send "documentId", and no "query".');
        const hash = automatic ? hashOf(extensions) : null;
        if (hash !== null) await cache(query, hash);
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
      const text = trustedOnly ? undefined : textsByHash.get(hash);
      if (text === undefined) throw requestError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound', 200);
      return { text, documentId: null };
    },
  };
}

/**
 * Returns the id of a document in the parameters of a request. urql sends `documentId`, as in the appendix of the
 * specification. Relay's network layers send `doc_id` or `id`. Returns null if there is no id.
 */
export function documentIdOf({ documentId, doc_id, id }: Readonly<Record<string, unknown>>): string | null {
  for (const candidate of [documentId, doc_id, id]) {
    if (typeof candidate === 'string' && candidate !== '') return candidate;
  }
  return null;
}

/** Returns the hash of `persistedQuery`. Returns null without it. */
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

/** The documents of a manifest, and the problems of the manifest. */
export interface TrustedDocuments {
  /** The texts by id, without the prefix `sha256:`. */
  readonly documents: ReadonlyMap<string, string>;
  /** All problems at once. Empty if the manifest is valid. */
  readonly problems: readonly string[];
}

const APOLLO_FORMAT = 'apollo-persisted-query-manifest';

/**
 * Reads a manifest in Apollo's format, or as `{id: text}`, which relay-compiler and graphql-codegen write. Each document
 * must be within the limits of documents. It is validated against the schema when it is requested.
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

/** Removes the prefix `sha256:` from an id, because ids are looked up without it. */
function withoutPrefix(id: string): string {
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
