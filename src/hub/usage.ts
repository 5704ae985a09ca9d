import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { WatchLimits } from '../config/index.ts';
import type { Failure } from '../errors.ts';
import { countAnswers } from '../graphql/answer-count.ts';
import { fragmentsOf } from '../graphql/limits.ts';
import type { FieldCost } from '../lib/field-cost.ts';

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
