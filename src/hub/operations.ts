import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  OperationTypeNode,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
  visit,
} from 'graphql';
import type { GatewayContext } from '../context.ts';
import type { TaskChange } from '../domain/records.ts';
import { executeSubscriptionEvent } from '../engine/run.ts';
import { notFound } from '../errors.ts';
import type { Documents } from '../graphql/documents.ts';
import {
  bugBehind,
  codesOf,
  createPublicErrors,
  FIELD_ERRORS_MAX,
  type PublicRefusal,
  refusalOf,
  withRequestId,
} from '../graphql/errors.ts';
import { coerceVariables, createOperationFinder } from '../graphql/operation.ts';
import { createBoundedCache } from '../lib/cache.ts';
import { type Log, logBug } from '../lib/log.ts';
import { type Subscription, toSubscription } from '../schema/task-updates.ts';
import type { OperationPayload } from './protocol.ts';
import { watchCostOf } from './usage.ts';

/** Smaller than the Worker's cache: the hubs of a pool may share one isolate's memory, and there are few subscriptions. */
const DOCUMENTS = { charsPerEntryMax: 8192, charsMax: 128 * 1024 };
/** Keyed by text and variables. It takes up to 16 MB if no two operations share a document. */
const COERCED = { charsPerEntryMax: 16_384, charsMax: 1024 * 1024 };

/** An operation with the text of its document. */
export interface Operation extends OperationPayload {
  readonly query: string;
}

/** The parts of an operation that its result depends on. */
export type OperationText = Pick<Operation, 'query' | 'operationName' | 'variables'>;

/** A subscription that has passed every check. */
export interface PreparedSubscription extends Subscription {
  /** Equal for equal operations and variables. The cursor does not count. */
  readonly key: string;
  /** The cost of running it for one event, in fields. */
  readonly cost: number;
}

/** A prepared subscription by its key. `load` returns its text if it must be parsed again, as after the hub hibernated. */
export interface OperationReference extends Pick<PreparedSubscription, 'key'> {
  readonly load: () => OperationText;
}

export type Prepared =
  | { readonly type: 'subscription'; readonly subscription: PreparedSubscription }
  /** A query or mutation, which the Worker answers. */
  | { readonly type: 'request' }
  | PublicRefusal;

/** The request and the tenant that the errors and log lines of an operation name. */
export interface Asker {
  readonly requestId: string;
  readonly tenant: string;
}

/**
 * Parses, validates and runs operations. Caches documents, because most sockets run the same few. Every error carries the
 * request id that it is logged under.
 */
export interface Operations {
  /** Resolves the document that the payload names to its text. Sets `documentId` only for a trusted document. */
  find(
    payload: OperationPayload,
    asker: Asker,
  ): Promise<{ readonly type: 'operation'; readonly operation: Operation } | PublicRefusal>;
  /** Whether the parsed and validated document is cached. */
  isKnown(operation: Operation): boolean;
  prepare(operation: Operation, asker: Asker): Prepared;
  /** Returns the `payload` of a `next` message. Async only if the operation selects fields that are read from the ledger. */
  run(operation: OperationReference, event: TaskChange, context: GatewayContext): string | Promise<string>;
}

export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  readonly documents: Documents;
  /** Gets one line per bug, and one per event whose payload has errors. */
  readonly log: Log;
}

export function createOperations({ schema, introspection, documents, log }: OperationsOptions): Operations {
  const finder = createOperationFinder({ schema, introspection, kept: DOCUMENTS, locations: false });
  const coerced = createBoundedCache<ValidatedSubscriptionArgs>(COERCED);
  const toPublicError = createPublicErrors({ suggestions: introspection });

  function coerce(document: DocumentNode, { operationName, variables }: OperationText) {
    return validateSubscriptionArgs({ schema, document, operationName, variableValues: variables });
  }

  /** Does not validate again after the hub hibernated: the operation was validated when it was subscribed. */
  function argsOf({ key, load }: OperationReference): ValidatedSubscriptionArgs {
    const known = coerced.get(key);
    if (known !== undefined) return known;
    const operation = load();
    const args = coerce(finder.reopen(operation.query), operation);
    if (!('operation' in args)) throw new TypeError('an operation that was checked has become wrong');
    coerced.set(key, args);
    return args;
  }

  function shownFor(error: unknown, { requestId, tenant }: Asker): GraphQLError {
    const shown = toPublicError(error);
    const bug = bugBehind(shown);
    if (bug !== null) logBug(log, requestId, bug, tenant);
    return withRequestId(shown, requestId);
  }

  function refused(errors: readonly unknown[], asker: Asker): PublicRefusal {
    return refusalOf(errors.map((error) => withoutHttp(shownFor(error, asker))));
  }

  function print(result: ExecutionResult, { task, seq }: TaskChange, context: GatewayContext): string {
    if (result.errors === undefined) return JSON.stringify(result);
    const { requestId, viewer } = context;
    const { tenant } = viewer;
    const errors = result.errors.map((error) => shownFor(error, { requestId, tenant }));
    const about = { requestId, tenant, taskId: task.id, seq };
    log({ level: 'info', message: 'event with errors', ...about, errorCodes: codesOf(errors) });
    return JSON.stringify({ ...result, errors });
  }

  return {
    async find(payload, asker) {
      try {
        const { text, documentId } = await documents.find(payload);
        return { type: 'operation', operation: { ...payload, query: text, documentId } };
      } catch (error) {
        return refused([error], asker);
      }
    },

    isKnown: ({ query }) => finder.isKept(query),

    prepare(operation, asker) {
      const { query, operationName, variables } = operation;
      try {
        const found = finder.find(query, operationName);
        if (found.type === 'refusal') return refused(found.errors, asker);
        const { document, node } = found;
        // The Worker checks the variables of requests.
        if (node.operation !== OperationTypeNode.SUBSCRIPTION) return { type: 'request' };
        const values = coerceVariables(schema, node.variableDefinitions ?? [], variables);
        if (values.type === 'refusal') return refused(values.errors, asker);
        const args = coerce(document, operation);
        if (!('operation' in args)) return refused(args, asker);
        const subscription = toSubscription(args);
        if (subscription === null) throw notFound();
        const key = JSON.stringify([query, operationName, withoutCursor(document, variables, subscription)]);
        coerced.set(key, args);
        return {
          type: 'subscription',
          subscription: { ...subscription, key, cost: watchCostOf(schema, document, args.operation) },
        };
      } catch (error) {
        return refused([error], asker);
      }
    },

    run(operation, event, contextValue) {
      const args = argsOf(operation);
      const result = executeSubscriptionEvent(
        { ...args, rootValue: event, contextValue },
        { errorsMax: FIELD_ERRORS_MAX },
      );
      return result instanceof Promise
        ? result.then((settled) => print(settled, event, contextValue))
        : print(result, event, contextValue);
    },
  };
}

/** Removes the variable of the cursor, unless the document uses it elsewhere too. */
function withoutCursor(
  document: DocumentNode,
  variables: OperationPayload['variables'],
  { afterVariable }: Subscription,
): object {
  if (afterVariable === null) return variables;
  let uses = 0;
  visit(document, {
    Variable({ name }) {
      if (name.value === afterVariable) uses += 1;
    },
  });
  const { [afterVariable]: _cursor, ...others } = variables;
  // Its definition and the cursor are two uses.
  return uses > 2 ? variables : others;
}

/** Removes the HTTP status, which means nothing on a socket. */
function withoutHttp(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...rest } = error.toJSON();
  const { http: _status, ...others } = extensions ?? {};
  return { ...rest, extensions: others };
}
