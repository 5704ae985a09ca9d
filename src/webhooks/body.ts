import {
  getNamedType,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  isAbstractType,
  isObjectType,
  parse,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
} from 'graphql';
import type { GatewayContext, Ledger, Upstream } from '../domain/ports.ts';
import type { TaskStatus } from '../domain/task.ts';
import type { WebhookEvent } from '../domain/webhook.ts';
import { executeSubscriptionEvent } from '../engine/run.ts';
import { costOf } from '../lib/field-cost.ts';
import { schema } from '../schema/schema.ts';

/** The version of the body. A new field does not raise it; a field that is removed or changes its meaning does. */
export const BODY_VERSION = 1;

/** The `type` of a message by the status that a task has reached. */
export const MESSAGE_TYPES = {
  PREPARING: 'task.preparing',
  QUEUED: 'task.queued',
  SUBMITTED: 'task.submitted',
  PROCESSING: 'task.processing',
  SUCCEEDED: 'task.succeeded',
  FAILED: 'task.failed',
  CANCELLED: 'task.cancelled',
  UNRECOGNIZED: 'task.unrecognized',
} as const satisfies Record<TaskStatus, string>;

/** The `type` of a message about a change within a status. */
export const CHANGE_TYPE = 'task.updated';

/** The `type` of a message that a caller asked for, to try an endpoint. */
export const TEST_TYPE = 'webhook.test';

/** A `TaskUpdate`, as the document selects it. */
interface Update {
  readonly at: string;
  readonly sequence: number;
  readonly resync: boolean;
  readonly task: unknown;
}

/**
 * Returns the body of a message. The task is what GraphQL answers to `taskDocument`, so ids, URLs, names and null are as in
 * the schema.
 */
export async function taskBody({ change, isArrival }: WebhookEvent, context: GatewayContext): Promise<string> {
  const { data, errors } = await executeSubscriptionEvent({ ...argsOf(), rootValue: change, contextValue: context });
  if (errors !== undefined || data === null || data === undefined) {
    throw new Error('a task has no webhook body', { cause: errors?.[0] });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the document selects these fields
  const { at, sequence, resync, task } = data['taskUpdates'] as Update;
  const type = isArrival ? MESSAGE_TYPES[change.task.status] : CHANGE_TYPE;
  return JSON.stringify({ type, version: BODY_VERSION, timestamp: at, sequence, resync, task });
}

/** Returns the body of a task, with the mark that changes before it are lost. */
export function withResync(body: string): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `taskBody` has made it
  return JSON.stringify({ ...(JSON.parse(body) as object), resync: true });
}

/** Returns the body of a message that tries an endpoint. It is about no task. */
export function testBody(atMs: number): string {
  const timestamp = new Date(atMs).toISOString();
  return JSON.stringify({ type: TEST_TYPE, version: BODY_VERSION, timestamp, sequence: 0, resync: false, task: null });
}

async function refuse(): Promise<never> {
  throw new Error('a webhook body needs a read');
}

/** Stand for the ports of a context. A body shows only what its change holds. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every method is one that throws
export const NO_READS = new Proxy({}, { get: () => refuse }) as Ledger;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every method is one that throws
export const NO_UPSTREAM = new Proxy({}, { get: () => refuse }) as Upstream;

let args: ValidatedSubscriptionArgs | null = null;

/** Compiled at the first message, because most isolates send none. */
function argsOf(): ValidatedSubscriptionArgs {
  if (args !== null) return args;
  const validated = validateSubscriptionArgs({ schema, document: parse(taskDocument()) });
  if (!('operation' in validated)) throw new TypeError('the document of webhooks is wrong');
  args = validated;
  return args;
}

/**
 * Returns the document of a task's whole state: every field of the schema that takes no argument and needs no read of its
 * own. A field that is added to the schema is in the next body.
 */
export function taskDocument(): string {
  const task = schema.getType('Task');
  if (!isAbstractType(task)) throw new TypeError('the schema has no Task');
  return `subscription { taskUpdates { at sequence resync task ${selectionOf(task, null, [])} } }`;
}

function selectionOf(
  type: GraphQLNamedOutputType,
  only: readonly string[] | null,
  outer: readonly GraphQLNamedOutputType[],
): string {
  if (isObjectType(type)) return `{ ${fieldsOf(type, outer).join(' ')} }`;
  if (!isAbstractType(type)) return '';
  const types = schema.getPossibleTypes(type).filter(({ name }) => only === null || only.includes(name));
  const parts = types.map((each) => `... on ${each.name} { ${fieldsOf(each, outer).join(' ')} }`);
  return `{ __typename ${parts.join(' ')} }`;
}

function fieldsOf(type: GraphQLObjectType, outer: readonly GraphQLNamedOutputType[]): string[] {
  return Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    const { call, types = null } = costOf(field);
    // A type inside itself would never end.
    if (field.args.length > 0 || call === true || outer.includes(named)) return [];
    return [`${field.name} ${selectionOf(named, types, [...outer, type])}`.trim()];
  });
}
