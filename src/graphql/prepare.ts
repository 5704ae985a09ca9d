import {
  type DocumentNode,
  type ExecutionResult,
  getOperationAST,
  type GraphQLSchema,
  type OperationTypeNode,
} from 'graphql';
import { compileOperation } from '../engine/compile-operation.ts';
import { createBoundedCache } from '../lib/bounded-cache.ts';
import { parseDocument } from './parse-document.ts';
import type { ValidateDocument } from './validate-document.ts';

/** A parsed document takes some 30 times its length in memory, one of comments 50 times: 25 MB. Longer ones are mostly comments. */
const DOCUMENTS = { charsPerEntryMax: 8192, charsMax: 512 * 1024 };

/** An operation that has passed all checks of its document, and can be run many times. */
export interface PreparedOperation {
  readonly type: OperationTypeNode;
  /** As the document names it; null: it has no name. */
  readonly name: string | null;
  /** Never throws: what is wrong with the variables, and what resolvers throw, is in the result. */
  run(
    contextValue: object,
    variableValues: Record<string, unknown> | undefined,
  ): ExecutionResult | Promise<ExecutionResult>;
}

export interface OperationReference {
  readonly query: string;
  readonly operationName?: string;
}

/** Null: it cannot be run, and whoever answers has to find out why. */
export type Prepare = (reference: OperationReference) => PreparedOperation | null;

/** Build it once per isolate: it keeps the operations used last. */
export function createPrepare(schema: GraphQLSchema, validate: ValidateDocument): Prepare {
  const kept = createBoundedCache<PreparedOperation>(DOCUMENTS);

  function valid(query: string): DocumentNode | null {
    try {
      const document = parseDocument(query);
      return validate(schema, document).length === 0 ? document : null;
    } catch {
      return null;
    }
  }

  return ({ query, operationName }) => {
    const key = `${operationName ?? ''}\n${query}`;
    const before = kept.get(key);
    if (before !== undefined) return before;
    const document = valid(query);
    const operation = document === null ? null : getOperationAST(document, operationName);
    if (document === null || !operation) return null;
    const compiled = compileOperation(schema, document, operationName);
    if (compiled === null) return null;
    const prepared: PreparedOperation = {
      type: operation.operation,
      name: operation.name?.value ?? null,
      run: (contextValue, variableValues) => compiled.run({ contextValue, variableValues }),
    };
    kept.set(key, prepared);
    return prepared;
  };
}
