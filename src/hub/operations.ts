import {
  executeSubscriptionEvent,
  getOperationAST,
  GraphQLError,
  type GraphQLFormattedError,
  validate,
  validateSubscriptionArgs,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type ValidatedSubscriptionArgs,
} from 'graphql';
import type { GatewayContext } from '../context.ts';
import type { TaskChangeEvent } from '../domain/ports.ts';
import { parseDocument } from '../graphql/parse-document.ts';
import { createPublicErrors } from '../graphql/public-errors.ts';
import { toSubscription, type Subscription } from '../schema/subscription.ts';
import type { OperationPayload } from './protocol.ts';

const DOCUMENTS_MAX = 200;

/** A subscription that is ready to be run for every event. */
export interface PreparedSubscription extends Subscription {
  readonly args: ValidatedSubscriptionArgs;
  /** The same for the same operation and variables, whatever its cursor. */
  readonly key: string;
}

export type Prepared =
  | { readonly type: 'subscription'; readonly subscription: PreparedSubscription }
  /** A query or mutation: the Worker answers it. */
  | { readonly type: 'request' }
  | { readonly type: 'refused'; readonly errors: readonly GraphQLFormattedError[] };

/** Parses, validates and runs operations. Documents are kept, for most sockets run the same few. */
export interface Operations {
  prepare(operation: OperationPayload, context: GatewayContext): Prepared;
  /** The `payload` of a `next` message. Async only when the operation asks for fields that are read from the ledger. */
  run(args: ValidatedSubscriptionArgs, event: TaskChangeEvent): string | Promise<string>;
}

export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  readonly onBug: (error: unknown) => void;
}

export function createOperations({ schema, introspection, onBug }: OperationsOptions): Operations {
  const documents = new Map<string, DocumentNode>();
  const toPublicError = createPublicErrors({ suggestions: introspection });

  function documentOf(query: string): DocumentNode {
    const known = documents.get(query);
    if (known !== undefined) return known;
    const document = parseDocument(query);
    const errors = validate(schema, document, undefined, { maxErrors: 20, hideSuggestions: !introspection });
    if (errors.length > 0) throw new AggregateError(errors);
    documents.set(query, document);
    const [oldest] = documents.keys();
    if (documents.size > DOCUMENTS_MAX && oldest !== undefined) documents.delete(oldest);
    return document;
  }

  function print(result: ExecutionResult): string {
    if (result.errors === undefined) return JSON.stringify(result);
    const errors = result.errors.map((error) => {
      const shown = toPublicError(error);
      if (shown.extensions['code'] === 'INTERNAL') onBug(error);
      return shown;
    });
    return JSON.stringify({ ...result, errors });
  }

  return {
    prepare(operation, contextValue) {
      const { query, operationName, variables } = operation;
      try {
        const document = documentOf(query);
        const node = getOperationAST(document, operationName);
        if (node?.operation !== 'subscription') return { type: 'request' };
        const args = validateSubscriptionArgs({
          schema,
          document,
          operationName,
          variableValues: variables,
          contextValue,
        });
        if (!('operation' in args)) return refused(args.map(toPublicError));
        const subscription = toSubscription(args);
        if (subscription === null) return refused([missing()]);
        const key = JSON.stringify([query, operationName, withoutCursor(query, variables, subscription)]);
        return { type: 'subscription', subscription: { ...subscription, args, key } };
      } catch (error) {
        const errors = error instanceof AggregateError ? error.errors : [error];
        return refused(errors.map(toPublicError));
      }
    },

    run(args, event) {
      const result = executeSubscriptionEvent({ ...args, rootValue: event });
      return result instanceof Promise ? result.then(print) : print(result);
    },
  };
}

/** The variables that an execution depends on. The cursor's is one of them where the document uses it a second time. */
function withoutCursor(
  query: string,
  variables: OperationPayload['variables'],
  { afterVariable }: Subscription,
): object {
  if (afterVariable === null) return variables;
  const uses = query.match(new RegExp(String.raw`\$\s*${afterVariable}\b`, 'g'))?.length ?? 0;
  const { [afterVariable]: _cursor, ...others } = variables;
  return uses > 2 ? variables : others;
}

/** What an error means to HTTP says nothing here. */
function refused(errors: readonly GraphQLError[]): Prepared {
  const shown = errors.map((error) => {
    const { extensions, ...rest } = error.toJSON();
    const { http: _status, ...others } = extensions ?? {};
    return { ...rest, extensions: others };
  });
  return { type: 'refused', errors: shown };
}

function missing(): GraphQLError {
  return new GraphQLError('There is no such task.', { extensions: { code: 'NOT_FOUND', retryable: false } });
}
