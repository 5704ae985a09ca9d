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
import * as engine from '../../src/engine/run.ts';
import { compileOperation } from '../../src/engine/run.ts';
import { turns } from './turns.ts';

export interface RunArgs {
  readonly rootValue?: unknown;
  readonly contextValue?: unknown;
  readonly variableValues?: Readonly<Record<string, unknown>>;
}

export type Result = ExecutionResult | Promise<ExecutionResult>;

/** Microtasks after which all promises that outlive the response have settled. */
const TURNS_AFTER = 80;

export type Run = (args: RunArgs) => Result;

/** Returns a function that executes the operation of a document, or one event if it is a subscription. */
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

/** Returns a function that executes a document with the engine. Returns null if the engine cannot compile it. */
export function compiledRun(schema: GraphQLSchema, document: DocumentNode): Run | null {
  const operation = getOperationAST(document);
  if (!operation || compileOperation(schema, document, operation) === null) return null;
  return runBy(engine, schema, document);
}

/** Prints all that is visible of a result: data, errors, the order of both, and whether it was a promise. */
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
