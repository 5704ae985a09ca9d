import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { type CompiledOperation, compileOperation } from './compile-operation.ts';

/** The compiled form of an operation of a document; null where `compileOperation` is. */
export type FindCompiled = (document: DocumentNode, operation: OperationDefinitionNode) => CompiledOperation | null;

interface Entry {
  readonly compiled: CompiledOperation;
  fields: number;
  isKept: boolean;
}

/** A document takes some 50 bytes a character at most. */
const CHARS_PER_FIELD = 16;

/**
 * Keeps the operations that were run last, compiled: up to `fieldsMax` fields of all together, each of which takes some
 * 800 bytes. Not by their number: a short one may spread a fragment in many places, and its parts are compiled when they
 * are first run. Each holds on to its document, which is charged as well. What is not kept is compiled anew.
 */
export function createCompiledPool(schema: GraphQLSchema, fieldsMax: number): FindCompiled {
  // A Map keeps the order of insertion: the first is the one unused for longest.
  const entries = new Map<OperationDefinitionNode, Entry>();
  let sum = 0;

  function makeRoom(): void {
    for (const [oldest, entry] of entries) {
      if (sum <= fieldsMax) return;
      entries.delete(oldest);
      sum -= entry.fields;
      entry.isKept = false;
    }
  }

  function compile(document: DocumentNode, operation: OperationDefinitionNode): Entry | null {
    let entry: Entry | null = null;
    const compiled = compileOperation(schema, document, operation.name?.value, (fields) => {
      if (entry?.isKept !== true) return;
      entry.fields += fields;
      sum += fields;
    });
    if (compiled !== null)
      entry = { compiled, fields: 1 + Math.ceil(charsOf(document) / CHARS_PER_FIELD), isKept: true };
    return entry;
  }

  return (document, operation) => {
    const before = entries.get(operation);
    const entry = before ?? compile(document, operation);
    if (entry === null) return null;
    if (before === undefined) sum += entry.fields;
    else entries.delete(operation);
    entries.set(operation, entry);
    makeRoom();
    return entry.compiled;
  };
}

/** None where it was parsed without its places: then it holds no more than its fields. */
function charsOf({ loc }: DocumentNode): number {
  return loc?.source.body.length ?? 0;
}
