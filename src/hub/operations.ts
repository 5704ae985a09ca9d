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
  type OperationDefinitionNode,
} from 'graphql';
import type { GatewayContext } from '../domain/ports.ts';
import type { TaskChange } from '../domain/records.ts';
import { executeSubscriptionEvent } from '../engine/run.ts';
import { notFound, type Failure } from '../errors.ts';
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
import { coerceVariables, createOperationFinder, countAnswers } from '../graphql/operation.ts';
import { createBoundedCache } from '../lib/cache.ts';
import { type Log, logBug } from '../lib/log.ts';
import { type Subscription, toSubscription } from '../schema/task-updates.ts';
import type { WatchLimits } from '../config/index.ts';
import { fragmentsOf } from '../graphql/limits.ts';
import type { FieldCost } from '../lib/field-cost.ts';
import type { OperationPayload } from './protocol.ts';

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

/** A subscription as it is counted. */
export interface CountedSubscription {
  readonly tenant: string;
  /** Equal for subscriptions that share an execution. */
  readonly key: string;
  /** The one task that it watches; null if it watches a list. */
  readonly taskId: string | null;
  readonly cost: number;
}

/** Bounds what the subscriptions of a tenant may cost a hub per event. */
export interface WatchUsage {
  /** Counts a subscription, or returns why it is refused. Each one that was counted must `leave`. */
  enter(operation: CountedSubscription): Failure | null;
  /** Counts a subscription from before the hub hibernated. */
  restore(operation: CountedSubscription): void;
  leave(tenant: string, key: string): void;
}

interface Entry {
  readonly operation: CountedSubscription;
  subscriptions: number;
}

interface Tenant {
  readonly entries: Map<string, Entry>;
  subscriptions: number;
  chars: number;
  /** The cost per event, by task. Null holds that of the lists. */
  readonly costs: Map<string | null, number>;
}

export function createWatchUsage(limits: WatchLimits): WatchUsage {
  const tenants = new Map<string, Tenant>();

  function problem({ key, taskId, cost }: CountedSubscription, tenant: Tenant): string | null {
    const { entries, costs } = tenant;
    const isNew = !entries.has(key);
    if (tenant.subscriptions >= limits.subscriptionsMax) return `has ${limits.subscriptionsMax} live subscriptions`;
    if (isNew && entries.size >= limits.operationsMax) return `has ${limits.operationsMax} distinct live operations`;
    if (isNew && tenant.chars + key.length > limits.charsMax) {
      return `has live operations of ${tenant.chars} characters, of at most ${limits.charsMax}`;
    }
    // An event is run for all lists, and for the watchers of its own task.
    const lists = costs.get(null) ?? 0;
    const ofTask = taskId === null ? heaviestTask(costs) : (costs.get(taskId) ?? 0);
    const more = (isNew ? cost : 0) + copyCostOf(cost);
    if (lists + ofTask + more <= limits.costMax) return null;
    return `has live operations that cost ${lists + ofTask} fields an event, of at most ${limits.costMax}`;
  }

  function add(operation: CountedSubscription): void {
    const tenant = tenants.get(operation.tenant) ?? emptyTenant();
    tenants.set(operation.tenant, tenant);
    const entry = tenant.entries.get(operation.key) ?? { operation, subscriptions: 0 };
    if (entry.subscriptions === 0) {
      tenant.entries.set(operation.key, entry);
      tenant.chars += operation.key.length;
      charge(tenant, operation, operation.cost);
    }
    entry.subscriptions += 1;
    tenant.subscriptions += 1;
    charge(tenant, operation, copyCostOf(operation.cost));
  }

  return {
    enter(operation) {
      if (operation.cost > limits.operationCostMax) {
        const message = `The operation costs ${operation.cost} fields for each event, counting its lists as long as they may get; a live operation costs ${limits.operationCostMax} at most: select fewer fields.`;
        return { code: 'QUERY_TOO_COMPLEX', message, retryable: false };
      }
      const found = problem(operation, tenants.get(operation.tenant) ?? emptyTenant());
      if (found === null) {
        add(operation);
        return null;
      }
      return { code: 'RATE_LIMITED', message: `The tenant ${found} here. End some, or ask for less.`, retryable: true };
    },

    restore: add,

    leave(name, key) {
      const tenant = tenants.get(name);
      const entry = tenant?.entries.get(key);
      if (tenant === undefined || entry === undefined) return;
      const { operation } = entry;
      entry.subscriptions -= 1;
      tenant.subscriptions -= 1;
      charge(tenant, operation, -copyCostOf(operation.cost));
      if (entry.subscriptions > 0) return;
      tenant.entries.delete(key);
      tenant.chars -= key.length;
      charge(tenant, operation, -operation.cost);
      if (tenant.entries.size === 0) tenants.delete(name);
    },
  };
}

function charge({ costs }: Tenant, { taskId }: CountedSubscription, cost: number): void {
  const sum = (costs.get(taskId) ?? 0) + cost;
  if (sum === 0) costs.delete(taskId);
  else costs.set(taskId, sum);
}

function heaviestTask(costs: Tenant['costs']): number {
  let most = 0;
  for (const [taskId, cost] of costs) if (taskId !== null && cost > most) most = cost;
  return most;
}

function emptyTenant(): Tenant {
  return { entries: new Map(), subscriptions: 0, chars: 0, costs: new Map() };
}

/** The cost of a call of the ledger, and of each record that it returns, in fields. */
export const CALL_COST = 100;
const RECORD = 5;

/** The fixed cost of an operation: finding it, and printing its result. */
const OPERATION = 20;

/** The fixed cost of writing one message to a socket: about 50 microseconds. */
const MESSAGE = 20;
/** Copying this many fields into a message takes as long as resolving one. */
const FIELDS_PER_COPY = 20;
const CHARS_PER_FIELD = 50;

/**
 * Returns the cost of running an operation for one event, in fields of about 2 microseconds. Lists count with the longest
 * that they can get, also if a variable limits them.
 */
export function watchCostOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): number {
  return OPERATION + countAnswers(schema, fragmentsOf(document), operation, weigh);
}

/** Returns what each socket that shares the operation adds to its cost. */
export function copyCostOf(cost: number): number {
  return MESSAGE + Math.ceil(cost / FIELDS_PER_COPY);
}

/** Returns the cost of sending this payload to one socket. */
export function messageCostOf({ length }: string): number {
  return MESSAGE + Math.ceil(length / CHARS_PER_FIELD / FIELDS_PER_COPY);
}

/** Fields with a call cost more: an event does not carry what they read. */
function weigh({ call }: FieldCost, items: number): number {
  return call === true ? CALL_COST + items * RECORD : 1;
}
