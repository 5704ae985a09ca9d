import {
  WEBHOOK_DELIVERY_STATUSES,
  type WebhookAttempt,
  type WebhookDelivery,
  type WebhookDeliveryStatus,
  type WebhookEndpoint,
  type WebhookSecret,
  WEBHOOKS_MAX,
} from '../domain/webhook.ts';
import { TASK_STATUSES } from '../domain/task.ts';
import { ConflictError, InvalidInputError } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import {
  builder,
  enumValues,
  type GlobalId,
  idOf,
  toConnection,
  toWindow,
  WINDOW_COST,
  windowArgs,
} from './builder.ts';
import { DeletionResultRef } from './failures.ts';
import { TaskRef, TaskStatusRef } from './task.ts';

const STATUS_MEANING = {
  FAILED: 'Every attempt failed.',
  PENDING: 'Waits for its first or next attempt.',
  SUCCEEDED: 'Answered with 2xx.',
} as const satisfies Record<WebhookDeliveryStatus, string>;

const DeliveryStatusRef = builder.enumType('WebhookDeliveryStatus', {
  description: 'How far a delivery is. Another attempt can be asked for with `redeliverWebhook`.',
  values: enumValues(WEBHOOK_DELIVERY_STATUSES, STATUS_MEANING),
});

const AttemptRef = builder.objectRef<WebhookAttempt>('WebhookAttempt').implement({
  description: 'One request to an endpoint, and its answer.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'When it began.', resolve: ({ atMs }) => atMs }),
    durationMs: t.exposeInt('durationMs', { description: 'How long it took, in milliseconds. At most 10 s.' }),
    responseStatus: t.exposeInt('responseStatus', {
      nullable: true,
      description: 'HTTP status. Null if there was no complete answer.',
    }),
    responseBody: t.exposeString('responseBody', {
      nullable: true,
      description: 'The first 1,024 bytes of the answer, as text. Null if there was no complete answer.',
    }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'Why there was no complete answer, such as a timeout. Null if there was one.',
    }),
  }),
});

/** The attempts that a delivery keeps. */
const ATTEMPTS_MAX = 10;

const DeliveryRef = builder.node(builder.objectRef<WebhookDelivery>('WebhookDelivery'), {
  description: 'One message to one URL. Kept for 30 days.',
  id: { resolve: ({ id }) => id },
  loadOne: (id, { ledger }) => ledger.webhookDelivery(id),
  fields: (t) => ({
    url: t.expose('url', { type: 'URL', description: "The endpoint's present URL, or the task's `webhookUrl`." }),
    task: t.field({
      type: TaskRef,
      nullable: true,
      description: 'The task that it is about. Null for a test, and for a deleted task.',
      extensions: withCost({ call: true }),
      resolve: async ({ task }, _args, { ledger }) => (task === null ? null : ledger.task({ id: task.id })),
    }),
    status: t.expose('status', { type: DeliveryStatusRef, description: 'Whether it has arrived.' }),
    createdAt: t.expose('createdAtMs', { type: 'DateTime', description: 'When it was put into the queue.' }),
    nextAttemptAt: t.expose('nextAttemptAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is sent next. Null if it is not sent again, or waits for a paused endpoint.',
    }),
    attempts: t.expose('attempts', {
      type: [AttemptRef],
      description: `Oldest first. At most 9, and those of redeliveries; the newest ${ATTEMPTS_MAX} are kept.`,
      extensions: withCost({ max: ATTEMPTS_MAX }),
    }),
  }),
});

const DeliveryConnectionRef = builder.connectionObject(
  { type: DeliveryRef, name: 'WebhookDeliveryConnection', description: 'A page of deliveries.' },
  { description: 'A delivery and its position in the list.' },
);

const EndpointRef = builder.node(builder.objectRef<WebhookEndpoint>('WebhookEndpoint'), {
  description:
    'A URL that receives task changes, signed by Standard Webhooks. At least once. The order is not promised, and each message has the whole task and its `sequence`: keep the highest.',
  id: { resolve: ({ id }) => id },
  loadOne: (id, { ledger }) => ledger.webhookEndpoint(id),
  fields: (t) => ({
    url: t.expose('url', { type: 'URL', description: 'Where messages are sent by POST.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: "The caller's own note. Null if none was given.",
    }),
    statuses: t.expose('statuses', {
      type: [TaskStatusRef],
      description: 'The statuses whose arrival is sent. Empty means every change.',
      extensions: withCost({ max: TASK_STATUSES.length }),
    }),
    isPaused: t.exposeBoolean('isPaused', { description: 'Whether deliveries wait.' }),
    pausedReason: t.exposeString('pausedReason', {
      nullable: true,
      description:
        'Why the gateway paused it: it answered 410, or failed for 2 days. Null if the caller paused it, or nobody did.',
    }),
    createdAt: t.expose('createdAtMs', { type: 'DateTime', description: 'When it was registered.' }),
    deliveries: t.field({
      type: DeliveryConnectionRef,
      description: 'Lists the deliveries of the last 30 days, newest first.',
      args: {
        ...windowArgs(),
        status: t.arg({ type: DeliveryStatusRef, required: false, description: 'Only these. Null lists all.' }),
      },
      extensions: withCost({ ...WINDOW_COST, call: true }),
      async resolve({ id }, { status, ...args }, { ledger }) {
        const window = toWindow(args);
        return toConnection(await ledger.webhookDeliveries(id, status ?? null, window), window);
      },
    }),
  }),
});

builder.objectField(DeliveryRef, 'endpoint', (t) =>
  t.expose('endpoint', { type: EndpointRef, description: 'The endpoint that it is sent to.' }),
);

builder.queryField('webhookEndpoints', (t) =>
  t.field({
    type: [EndpointRef],
    description: `Lists the caller's webhook endpoints, newest first. A tenant has at most ${WEBHOOKS_MAX.endpoints}.`,
    extensions: withCost({ max: WEBHOOKS_MAX.endpoints }),
    resolve: async (_root, _args, { ledger }) => [...(await ledger.webhookEndpoints())],
  }),
);

const SecretRef = builder.objectRef<WebhookSecret>('WebhookSecret').implement({
  description: 'A signing secret. It cannot be read again.',
  fields: (t) => ({
    endpoint: t.expose('endpoint', { type: EndpointRef, description: 'The endpoint whose messages it signs.' }),
    secret: t.exposeString('secret', { description: 'Starts with `whsec_`. Keep it where you keep passwords.' }),
    previousSecretExpiresAt: t.expose('previousSecretExpiresAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when the previous secret signs too. Null if there was none.',
    }),
  }),
});

const SecretResultRef = builder.errorUnion('WebhookSecretResult', {
  description: 'The secret, or why none was made.',
  types: [SecretRef, InvalidInputError],
  resolveType: () => 'WebhookSecret',
});

const EndpointResultRef = builder.errorUnion('WebhookEndpointResult', {
  description: 'The endpoint right after the change, or why it was not changed.',
  types: [EndpointRef, InvalidInputError],
  resolveType: () => 'WebhookEndpoint',
});

const DeliveryResultRef = builder.errorUnion('WebhookDeliveryResult', {
  description: 'The delivery before its next attempt, or why nothing is sent.',
  types: [DeliveryRef, InvalidInputError, ConflictError],
  resolveType: () => 'WebhookDelivery',
});

const URL_MEANING =
  'A public `https` URL with a host name, at most 2,048 characters. It is called directly: redirects are failures.';
const DESCRIPTION_MEANING = `The caller's own note, at most ${WEBHOOKS_MAX.descriptionChars} characters on one line.`;

function toNamed(endpointId: GlobalId): { readonly endpointId: string | null } {
  return { endpointId: idOf('WebhookEndpoint', endpointId) };
}

builder.mutationFields((t) => ({
  createWebhookEndpoint: t.field({
    type: SecretResultRef,
    nullable: true,
    description:
      'Registers an endpoint, and returns its signing secret, which is not shown again. It gets the changes of all tasks of the caller from now on. Costs nothing.',
    args: {
      url: t.arg.string({ description: URL_MEANING }),
      statuses: t.arg({
        type: [TaskStatusRef],
        defaultValue: ['SUCCEEDED', 'FAILED', 'CANCELLED'],
        description: 'The statuses whose arrival is sent. An empty list sends every change.',
      }),
      description: t.arg.string({ required: false, description: DESCRIPTION_MEANING }),
    },
    resolve: (_root, { url, statuses, description = null }, { ledger }) =>
      ledger.write('createWebhookEndpoint', { url, statuses, description }),
  }),
  updateWebhookEndpoint: t.field({
    type: EndpointResultRef,
    nullable: true,
    description: 'Changes, pauses or resumes an endpoint. An argument that is left out changes nothing. Costs nothing.',
    args: {
      endpointId: t.arg.globalID({ description: 'The `id` of a `WebhookEndpoint`.' }),
      url: t.arg.string({
        required: false,
        description: 'A new URL, by the same rules. Pending deliveries go there, too. Null changes nothing.',
      }),
      statuses: t.arg({
        type: [TaskStatusRef],
        required: false,
        description: 'For changes from now on. An empty list sends every change. Null changes nothing.',
      }),
      description: t.arg.string({ required: false, description: `${DESCRIPTION_MEANING} Null clears it.` }),
      isPaused: t.arg.boolean({
        required: false,
        description: 'Whether deliveries wait. Resuming sends what has waited, oldest first. Null changes nothing.',
      }),
    },
    resolve: (_root, { endpointId, url, statuses, description, isPaused }, { ledger }) =>
      ledger.write('updateWebhookEndpoint', {
        ...toNamed(endpointId),
        ...(typeof url === 'string' ? { url } : {}),
        ...(Array.isArray(statuses) ? { statuses } : {}),
        ...(description === undefined ? {} : { description }),
        ...(typeof isPaused === 'boolean' ? { isPaused } : {}),
      }),
  }),
  rotateWebhookSecret: t.field({
    type: SecretResultRef,
    nullable: true,
    description:
      "Replaces an endpoint's signing secret. Both secrets sign until `previousSecretExpiresAt`, 24 hours later. At most 3 sign at once: another rotation is a `RATE_LIMITED` error. Costs nothing.",
    args: { endpointId: t.arg.globalID({ description: 'The `id` of a `WebhookEndpoint`.' }) },
    resolve: (_root, { endpointId }, { ledger }) => ledger.write('rotateWebhookSecret', toNamed(endpointId)),
  }),
  deleteWebhookEndpoint: t.field({
    type: DeletionResultRef,
    nullable: true,
    description: 'Deletes an endpoint, and drops its pending deliveries and the list of its deliveries. Costs nothing.',
    args: { endpointId: t.arg.globalID({ description: 'The `id` of a `WebhookEndpoint`.' }) },
    async resolve(_root, { endpointId }, { ledger }) {
      await ledger.write('deleteWebhookEndpoint', toNamed(endpointId));
      return { type: 'WebhookEndpoint', id: endpointId.id, answer: null } as const;
    },
  }),
  sendTestWebhook: t.field({
    type: DeliveryResultRef,
    nullable: true,
    description: `Sends an example to an endpoint, also to a paused one. It is tried once. At most ${WEBHOOKS_MAX.manualPerMinute} a minute, with redeliveries. Costs nothing.`,
    args: { endpointId: t.arg.globalID({ description: 'The `id` of a `WebhookEndpoint`.' }) },
    resolve: (_root, { endpointId }, { ledger }) => ledger.write('sendTestWebhook', toNamed(endpointId)),
  }),
  redeliverWebhook: t.field({
    type: DeliveryResultRef,
    nullable: true,
    description:
      'Sends a delivery again, with the same body and `webhook-id`, also to a paused endpoint. One that is `PENDING` is a `ConflictError`. Costs nothing.',
    args: { deliveryId: t.arg.globalID({ description: 'The `id` of a `WebhookDelivery`.' }) },
    resolve: (_root, { deliveryId }, { ledger }) =>
      ledger.write('redeliverWebhook', { deliveryId: idOf('WebhookDelivery', deliveryId) }),
  }),
}));
