import type { Task } from '../api/documents.ts';
import { STATUS_LABELS } from '../tasks/task-words.ts';
import type { WebhookDelivery, WebhookEndpoint } from './webhook-documents.ts';

type TaskStatus = Task['status'];

/** The statuses that end a task. They are what most receivers want. */
export const FINAL_STATUSES = ['SUCCEEDED', 'FAILED', 'CANCELLED'] as const satisfies readonly TaskStatus[];

/** The statuses that a user can choose, in the order in which a task reaches them. */
export const CHOOSABLE_STATUSES = [
  'QUEUED',
  'SUBMITTED',
  'PROCESSING',
  ...FINAL_STATUSES,
] as const satisfies readonly TaskStatus[];

/** Says which changes an endpoint gets, such as `Tasks that are done or failed`. */
export function wantedWords({ statuses }: Pick<WebhookEndpoint, 'statuses'>): string {
  if (statuses.length === 0) return 'Every change of a task';
  const isFinal = statuses.length === FINAL_STATUSES.length && FINAL_STATUSES.every((one) => statuses.includes(one));
  if (isFinal) return 'The end of each task';
  const words = [...new Set(statuses.map((status) => STATUS_LABELS[status].toLowerCase()))];
  return `Tasks that become: ${words.join(', ')}`;
}

export const DELIVERY_LABELS = {
  PENDING: 'Pending',
  SUCCEEDED: 'Delivered',
  FAILED: 'Failed',
} as const satisfies Record<WebhookDelivery['status'], string>;

type Attempt = WebhookDelivery['attempts'][number];

/** Says how the last attempt ended, such as `404` or `timeout`. Null before the first. */
export function answerWords(attempt: Attempt | undefined): string | null {
  if (attempt === undefined) return null;
  return attempt.responseStatus === null ? (attempt.error ?? 'no answer') : String(attempt.responseStatus);
}
