import {
  type DocumentNode,
  execute,
  executeSubscriptionEvent,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  validateSubscriptionArgs,
} from 'graphql';
import { compileOperation } from '../../src/engine/compile.ts';
import * as engine from '../../src/engine/run.ts';
import { turns } from './turns.ts';

export interface RunArgs {
  readonly rootValue?: unknown;
  readonly contextValue?: unknown;
  readonly variableValues?: Readonly<Record<string, unknown>>;
}

export type Result = ExecutionResult | Promise<ExecutionResult>;

/** A turn of every promise that goes on after the answer, too. */
const TURNS_AFTER = 80;

export type Run = (args: RunArgs) => Result;

/** Executes the operation of a document, or one event of it if it is a subscription. */
function runBy(
  by: Pick<typeof engine, 'execute' | 'executeSubscriptionEvent'>,
  schema: GraphQLSchema,
  document: DocumentNode,
): Run {
  return (args) => {
    if (getOperationAST(document)?.operation !== 'subscription') return by.execute({ schema, document, ...args });
    const validated = validateSubscriptionArgs({ schema, document, ...args });
    return 'schema' in validated ? by.executeSubscriptionEvent(validated) : { errors: validated };
  };
}

export function runByGraphql(schema: GraphQLSchema, document: DocumentNode, args: RunArgs): Result {
  return runBy({ execute, executeSubscriptionEvent }, schema, document)(args);
}

/** Executes by the engine. Null if it leaves the document to graphql. */
export function compiledRun(schema: GraphQLSchema, document: DocumentNode): Run | null {
  const operation = getOperationAST(document);
  if (!operation || compileOperation(schema, document, operation) === null) return null;
  return runBy(engine, schema, document);
}

/** All of a result that anybody can see, as text: the order of keys and errors too, and whether it was there at once. */
export async function seen(result: Result): Promise<string> {
  const wasPromise = result instanceof Promise;
  const { data, errors, ...rest } = await result;
  const text = JSON.stringify({
    wasPromise,
    keys: Object.keys(await result),
    data,
    errors: errors?.map(errorSeen),
    rest,
  });
  await turns(TURNS_AFTER);
  return text;
}

function errorSeen(error: GraphQLError): object {
  const { message, path, locations, extensions, originalError, nodes, positions, source, name, cause } = error;
  return {
    type: error.constructor.name,
    message,
    path,
    locations,
    extensions,
    original: originalError && [originalError.constructor.name, originalError.message],
    cause: String(cause),
    nodes: nodes?.map(({ loc }) => loc?.start),
    positions,
    source: source?.body.length,
    name,
    json: error instanceof GraphQLError ? error.toJSON() : null,
  };
}
