import {
  type DocumentNode,
  type ExecutionResult,
  getOperationAST,
  type GraphQLSchema,
  type OperationTypeNode,
} from 'graphql';
import { execute } from '../engine/run.ts';
import { createBoundedCache } from '../lib/bounded-cache.ts';
import { parseDocument } from './parse-document.ts';
import { FIELD_ERRORS_MAX } from './public-errors.ts';
import type { ValidateDocument } from './validate-document.ts';
import { coerceVariables } from './variables.ts';

/** A parsed document takes some 30 times its length in memory, one of comments 50 times: 25 MB. Longer ones are mostly comments. */
const DOCUMENTS = { charsPerEntryMax: 8192, charsMax: 512 * 1024 };
/** That they were refused is kept, so that each is checked twice at most: here, and by whoever says what is wrong. */
const REFUSED = { charsPerEntryMax: 2048, charsMax: 64 * 1024 };

/** An operation that has passed all checks of its document, and can be run many times. */
export interface PreparedOperation {
  readonly type: OperationTypeNode;
  /** As the document names it; null: it has no name. */
  readonly name: string | null;
  /** What is wrong with the variables, and what resolvers throw, is in the result. */
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
  const refused = createBoundedCache<true>(REFUSED);

  function valid(query: string): DocumentNode | null {
    try {
      const document = parseDocument(query);
      return validate(schema, document).length === 0 ? document : null;
    } catch {
      return null;
    }
  }

  function prepare({ query, operationName }: OperationReference): PreparedOperation | null {
    const document = valid(query);
    const operation = document === null ? null : getOperationAST(document, operationName);
    if (document === null || !operation) return null;
    return {
      type: operation.operation,
      name: operation.name?.value ?? null,
      run(contextValue, variableValues) {
        const args = { schema, document, operationName: operation.name?.value, contextValue, variableValues };
        return execute(args, { errorsMax: FIELD_ERRORS_MAX, coerceVariables });
      },
    };
  }

  return (reference) => {
    const { query, operationName } = reference;
    // The length in front: a name may hold anything.
    const key = `${operationName?.length ?? ''}:${operationName ?? ''}${query}`;
    const before = kept.get(key);
    if (before !== undefined) return before;
    if (refused.get(key) !== undefined) return null;
    const prepared = prepare(reference);
    if (prepared === null) refused.set(key, true);
    else kept.set(key, prepared);
    return prepared;
  };
}
