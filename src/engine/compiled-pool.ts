import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { type CompiledOperation, compileOperation } from './compile-operation.ts';

/** The compiled form of an operation of a document; null where `compileOperation` is. */
export type FindCompiled = (document: DocumentNode, operation: OperationDefinitionNode) => CompiledOperation | null;

interface Entry {
  readonly compiled: CompiledOperation;
  fields: number;
  isKept: boolean;
}

/**
 * Keeps the operations that were run last, compiled: up to `fieldsMax` fields of all together, each of which takes some
 * 800 bytes. Not by their number or the length of their text: a short one may spread a fragment in many places, and its
 * parts are compiled when they are first run. What is not kept is compiled anew.
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
    // Counts as one field until it is run.
    if (compiled !== null) entry = { compiled, fields: 1, isKept: true };
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
