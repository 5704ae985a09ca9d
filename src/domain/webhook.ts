import { jittered } from '../lib/time.ts';
import type { Issue, Result } from '../errors.ts';
import { checkText, issuesOf, type Path, toValidation, type Validation } from './check.ts';
import type { Slice, Window } from './list.ts';
import type { TaskChange, TaskRecord, TaskWebhook } from './records.ts';
import { TASK_STATUSES, type TaskKind, type TaskStatus } from './task.ts';
import { checkUrl, isIpAddress, isLoopbackUrl } from './url.ts';

/** The limits of a tenant's webhooks. */
export const WEBHOOKS_MAX = {
  endpoints: 20,
  urlChars: 2_048,
  descriptionChars: 200,
  /** Test events and redeliveries of one endpoint in a minute. */
  manualPerMinute: 30,
} as const;

/** An endpoint of a tenant, as the ledger stores it and the schema shows it. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  readonly description: string | null;
  /** The statuses whose arrival is sent. Empty for every change. */
  readonly statuses: readonly TaskStatus[];
  readonly isPaused: boolean;
  /** Why the gateway paused it. Null if the caller paused it, or nobody did. */
  readonly pausedReason: string | null;
  readonly createdAtMs: number;
}

/** A secret that is shown once. */
export interface WebhookSecret {
  readonly endpoint: WebhookEndpoint;
  readonly secret: string;
  readonly previousSecretExpiresAtMs: number | null;
}

export const WEBHOOK_DELIVERY_STATUSES = ['FAILED', 'PENDING', 'SUCCEEDED'] as const;
export type WebhookDeliveryStatus = (typeof WEBHOOK_DELIVERY_STATUSES)[number];

/** One attempt to deliver. Either `responseStatus` or `error` is set. */
export interface WebhookAttempt {
  readonly atMs: number;
  readonly durationMs: number;
  readonly responseStatus: number | null;
  readonly responseBody: string | null;
  readonly error: string | null;
}

/** One message to one URL. */
export interface WebhookDelivery {
  /** `<endpoint id>:<number>`. */
  readonly id: string;
  readonly endpoint: WebhookEndpoint;
  readonly url: string;
  /** Null for a test. */
  readonly task: { readonly id: string; readonly kind: TaskKind } | null;
  readonly status: WebhookDeliveryStatus;
  readonly createdAtMs: number;
  /** Null if it is not sent again, or waits for a paused endpoint. */
  readonly nextAttemptAtMs: number | null;
  /** Oldest first. */
  readonly attempts: readonly WebhookAttempt[];
}

/** A delivery as the object of its endpoint knows it. */
export type StoredDelivery = Omit<WebhookDelivery, 'endpoint'>;

/** A change that an endpoint wants, or the `webhookUrl` of a task that the endpoint signs. */
export interface WebhookEvent {
  readonly change: TaskChange;
  /** Where it is sent. Null is the endpoint's own URL, whatever that is then. */
  readonly urls: readonly (string | null)[];
  /** Whether the status of the task has just been reached. False for another change, such as of its notes. */
  readonly isArrival: boolean;
}

/** The settings that the ledger sends to the object of an endpoint. A higher revision replaces a lower one. */
export interface WebhookSettings {
  readonly revision: number;
  readonly url: string;
  readonly isPaused: boolean;
  /** The revision in which the caller last paused or resumed it. */
  readonly pauseRevision: number;
}

/** A new secret, and when the one before stops signing; null for the first secret. */
export type NewSecret = Pick<WebhookSecret, 'secret' | 'previousSecretExpiresAtMs'>;

/** The object of one endpoint, as the ledger calls it. */
export interface WebhookObject {
  /** Creates the first secret. A repeat returns the same one. Throws after `discard`. */
  open(settings: WebhookSettings): Promise<NewSecret>;
  /** Throws after `discard`. */
  configure(settings: WebhookSettings): Promise<void>;
  /** Throws after `discard`. Stores changes and returns the number of the last one stored. Returns null if the queue is full. */
  accept(settings: WebhookSettings, events: readonly WebhookEvent[]): Promise<number | null>;
  rotate(): Promise<Result<NewSecret>>;
  sendTest(): Promise<Result<StoredDelivery>>;
  redeliver(n: number): Promise<Result<StoredDelivery>>;
  deliveries(status: WebhookDeliveryStatus | null, window: Window): Promise<Result<Slice<StoredDelivery>>>;
  delivery(n: number): Promise<StoredDelivery | null>;
  /** Deletes everything, for good. Idempotent. */
  discard(): Promise<void>;
}

/** The changes by a caller. A missing field changes nothing. */
export interface WebhookChange {
  readonly url?: string;
  readonly description?: string | null;
  readonly statuses?: readonly TaskStatus[];
  readonly isPaused?: boolean;
}

/** The rule for URLs of endpoints that the environment decides. */
export interface WebhookUrlRule {
  /** Whether plain http on the same machine is allowed, for development. */
  readonly allowsLoopback: boolean;
  /** The gateway's own origin, which no endpoint may have. Null if it is not known. */
  readonly ownOrigin: string | null;
}

/** Returns the rule of a deployment. */
export function webhookUrlRuleOf(config: {
  readonly environment: 'production' | 'development';
  readonly callbacks: { readonly publicUrl: string | null };
}): WebhookUrlRule {
  return { allowsLoopback: config.environment === 'development', ownOrigin: config.callbacks.publicUrl };
}

/**
 * Checks the URL of an endpoint: https on port 443, and the full name of a public host. An IP address is refused, because
 * no certificate names one. The value is the URL as it is called.
 */
export function checkWebhookUrl(text: string, path: Path, rule: WebhookUrlRule): Validation<string> {
  if (rule.allowsLoopback && text.length <= WEBHOOKS_MAX.urlChars && isLoopbackUrl(text)) {
    return { ok: true, value: new URL(text).href };
  }
  const checked = checkUrl(text, null, path, WEBHOOKS_MAX.urlChars);
  if (!checked.ok) return checked;
  const { hostname, origin } = new URL(checked.value);
  const issues: Issue[] = [];
  if (isIpAddress(hostname)) {
    issues.push({ path, code: 'URL_NOT_ALLOWED', message: 'host must be a name, not an IP address' });
  }
  if (origin === rule.ownOrigin) {
    issues.push({ path, code: 'URL_NOT_ALLOWED', message: 'must not be the address of the gateway itself' });
  }
  return toValidation(checked.value, issues);
}

/**
 * Checks the `webhookUrl` of a new task. An endpoint must have its origin: the one with this URL, or else the oldest one of
 * that origin, signs. `endpoints` are sorted newest first.
 */
export function checkTaskWebhook(
  text: string | null | undefined,
  path: Path,
  rule: WebhookUrlRule,
  endpoints: () => readonly WebhookEndpoint[],
): Validation<TaskWebhook | null> {
  if (text === null || text === undefined) return { ok: true, value: null };
  const checked = checkWebhookUrl(text, path, rule);
  if (!checked.ok) return checked;
  const { href: url, origin } = new URL(checked.value);
  const ofOrigin = endpoints().filter((endpoint) => new URL(endpoint.url).origin === origin);
  const signer = ofOrigin.find((endpoint) => endpoint.url === url) ?? ofOrigin.at(-1);
  if (signer !== undefined) return { ok: true, value: { url, endpointId: signer.id } };
  const message = 'must have the origin of a webhook endpoint of the caller: register one with `createWebhookEndpoint`';
  return { ok: false, issues: [{ path, code: 'NOT_FOUND', message }] };
}

const DESCRIPTION = { charsMax: WEBHOOKS_MAX.descriptionChars, lines: 'one' } as const;

/** Checks what a caller sets. Returns only the fields that were given. */
export function checkWebhookChange(change: WebhookChange, rule: WebhookUrlRule): Validation<WebhookChange> {
  const { url, description, statuses } = change;
  const checkedUrl = url === undefined ? null : checkWebhookUrl(url, ['url'], rule);
  const checkedText = typeof description === 'string' ? checkText(description, DESCRIPTION, ['description']) : null;
  return toValidation<WebhookChange>(
    {
      ...change,
      ...(checkedUrl?.ok === true ? { url: checkedUrl.value } : {}),
      ...(checkedText?.ok === true ? { description: checkedText.value } : {}),
      ...(statuses === undefined ? {} : { statuses: TASK_STATUSES.filter((status) => statuses.includes(status)) }),
    },
    [checkedUrl, checkedText].flatMap((checked) => (checked === null ? [] : issuesOf(checked))),
  );
}

/** Returns true if an endpoint with these statuses gets a change. */
export function wantsChange(
  { statuses }: Pick<WebhookEndpoint, 'statuses'>,
  status: TaskStatus,
  isArrival: boolean,
): boolean {
  return statuses.length === 0 || (isArrival && statuses.includes(status));
}

/** Returns where an endpoint sends a change. A URL that the task and the endpoint share gets it once. */
export function urlsOfChange(
  endpoint: Pick<WebhookEndpoint, 'id' | 'url' | 'statuses'>,
  { status, details }: TaskRecord,
  isArrival: boolean,
): readonly (string | null)[] {
  const { webhook } = details ?? {};
  const url = webhook?.endpointId === endpoint.id ? webhook.url : null;
  const isShared = url === endpoint.url;
  return [
    ...(isShared || wantsChange(endpoint, status, isArrival) ? [null] : []),
    ...(url === null || isShared ? [] : [url]),
  ];
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The waits after the first failed attempt, the second, and so on. After the last one, a delivery has failed. */
export const RETRY_WAITS_MS = [
  5 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
] as const;

/** An endpoint whose attempts have all failed for this time is paused. */
export const FAILING_MS_MAX = 2 * DAY_MS;

/** The time in which the previous secret signs, too. */
export const SECRET_OVERLAP_MS = DAY_MS;

/** How long deliveries are kept. */
export const DELIVERY_RETENTION_MS = 30 * DAY_MS;

/** The longest wait that a receiver may ask for. A longer one counts as this one. */
export const RETRY_AFTER_MS_MAX = DAY_MS;

/**
 * Returns the wait after `fails` failed attempts, each 20 % shorter or longer; null if there is no other attempt. A receiver
 * can only make it longer, by `askedMs`.
 */
export function webhookWaitMs(fails: number, random: () => number, askedMs: number | null = null): number | null {
  const waitMs = RETRY_WAITS_MS[fails - 1];
  if (waitMs === undefined) return null;
  return Math.max(jittered(waitMs, random), Math.min(askedMs ?? 0, RETRY_AFTER_MS_MAX));
}

/** Parses the `Retry-After` of an answer: seconds, or a date of HTTP. Returns null if it is missing or has another form. */
export function parseRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  const ms = Number.isNaN(seconds) ? Date.parse(text) - nowMs : seconds * SECOND_MS;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/**
 * Returns why a message must not be sent to its URL any more; null if it may. The settings may have changed since the URL was
 * given, and so may the URL of the endpoint that signs for a task.
 */
export function urlRefusal(url: string, endpointUrl: string, rule: WebhookUrlRule): string | null {
  const checked = checkWebhookUrl(url, [], rule);
  if (!checked.ok) return `Nothing was sent: the URL ${checked.issues[0].message}.`;
  if (new URL(url).origin === new URL(endpointUrl).origin) return null;
  return 'Nothing was sent: the endpoint has another origin now.';
}

/** Splits the id of a delivery. Returns null if it has another form. */
export function parseDeliveryId(id: string): { readonly endpointId: string; readonly n: number } | null {
  const [, endpointId, n] = /^([\w-]{1,64}):([1-9]\d{0,14})$/.exec(id) ?? [];
  return endpointId === undefined ? null : { endpointId, n: Number(n) };
}
