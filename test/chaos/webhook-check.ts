import { type Check, type Evidence, isFinal } from './check.ts';
import type { ReceivedMessage } from './webhook-receiver.ts';

/** The ids of the tasks with a webhook of their own. */
function hookedIds({ ledger, webhooks }: Evidence): ReadonlySet<string> {
  const { hooked } = webhooks;
  return new Set(ledger.tasks.filter(({ externalId }) => hooked.has(externalId ?? '')).map(({ id }) => id));
}

function numbersAt(messages: readonly ReceivedMessage[], at: ReceivedMessage['at']): ReadonlySet<number> {
  return new Set(messages.filter((message) => message.at === at).map(({ sequence }) => sequence));
}

/** Checks the promises to the receiver of webhooks of a round. */
export const WEBHOOK_CHECKS: readonly Check[] = [
  {
    promise: 'the receiver of webhooks has been put to the test',
    violations: ({ webhooks: { answers, hooked }, views }) => [
      ...['fail', 'redirect', 'reset']
        .filter((fault) => !answers.has(fault))
        .map((fault) => `it never had to ${fault}`),
      ...(hooked.size > views.length * 0.1 ? [] : ['too few tasks had a webhook of their own']),
    ],
  },
  {
    promise: 'every webhook is signed and whole, and none follows a redirect',
    violations: ({ webhooks }) => webhooks.problems,
  },
  {
    promise: 'the end of every task is delivered to the endpoint at least once',
    violations({ events, webhooks }) {
      const delivered = numbersAt(webhooks.messages, 'endpoint');
      return events
        .filter(({ seq, status }) => isFinal(status) && !delivered.has(seq))
        .map(({ seq, taskId, status }) => `${seq}: ${status} of ${taskId}`);
    },
  },
  {
    promise: 'every change of a task with a webhook of its own is delivered there, and no other',
    violations(evidence) {
      const hooked = hookedIds(evidence);
      const { messages } = evidence.webhooks;
      const delivered = numbersAt(messages, 'task');
      return [
        ...evidence.events
          .filter(({ seq, taskId }) => hooked.has(taskId) && !delivered.has(seq))
          .map(({ seq, taskId, status }) => `${seq}: ${status} of ${taskId}`),
        ...messages
          .filter(({ at, taskId }) => at === 'task' && !hooked.has(taskId))
          .map(({ sequence, taskId }) => `${sequence} of ${taskId} was sent, and not asked for`),
      ];
    },
  },
  {
    promise: "the webhook with the highest sequence shows the task's last state",
    violations(evidence) {
      const { ledger, webhooks } = evidence;
      const hooked = hookedIds(evidence);
      const newest = new Map<string, ReceivedMessage>();
      for (const message of webhooks.messages) {
        const key = `${message.at} ${message.taskId}`;
        if ((newest.get(key)?.sequence ?? 0) <= message.sequence) newest.set(key, message);
      }
      return ledger.tasks.flatMap(({ id, status }) =>
        (hooked.has(id) ? ['endpoint', 'task'] : ['endpoint']).flatMap((at) => {
          const shown = newest.get(`${at} ${id}`)?.status ?? 'nothing';
          return shown === status ? [] : [`${id}: ${shown} at the ${at}, ${status} here`];
        }),
      );
    },
  },
];

/** Formats the figures of the webhooks of a round. */
export function webhookFigures({ webhooks: { messages, hooked, answers } }: Evidence): string {
  const done = [...answers].map(([fault, count]) => `${count} x ${fault === 'none' ? 'taken' : fault}`);
  const unique = new Set(messages.map(({ at, sequence }) => `${at} ${sequence}`)).size;
  return `webhooks: ${unique} messages, ${messages.length - unique} repeated, ${hooked.size} tasks with a webhook of their own; requests: ${done.join(', ')}`;
}
