/** What every socket of every side subscribes to, and what every side has to tell it. */

import { isDeepStrictEqual } from 'node:util';

/** Only ends of tasks: what the gateway is told of a task before that is no event of the measurement. */
export const OPERATION = {
  query: `subscription Ends($filter: TaskEventFilterInput) {
  tasksChanged(filter: $filter) {
    cursor resync
    task {
      __typename id externalId status klingStatus updatedAt expiresAt unitsDeducted
      failure { code message }
      ... on VoiceTask { voices { voiceId name trialUrl owner } }
    }
  }
}`,
  operationName: 'Ends',
  variables: { filter: { status: ['SUCCEEDED'] } },
} as const;

/** When Kling ended every task. In the future, so that the gateway's own clock never shows. */
export const ENDED_AT_MS = Date.UTC(2040, 0, 1);

/** How long Kling keeps results. */
const RETENTION_MS = 30 * 24 * 3_600_000;

/** The one voice that every task makes. */
export const VOICE = {
  voiceId: '829877809978940000',
  name: 'Narrator',
  trialUrl: 'https://cdn.example.com/voices/829877809978940000/trial.mp3',
} as const;

/** What every task is charged, as Kling writes it. */
export const UNITS = '0.05';

/** The whole of what `tasksChanged` says of an ended task. `id`: the task's, as clients see it. */
export function toExpectedEvent(cursor: string, id: string) {
  return {
    cursor,
    resync: false,
    task: {
      __typename: 'VoiceTask',
      id,
      externalId: null,
      status: 'SUCCEEDED',
      klingStatus: 'succeed',
      updatedAt: new Date(ENDED_AT_MS).toISOString(),
      expiresAt: new Date(ENDED_AT_MS + RETENTION_MS).toISOString(),
      unitsDeducted: UNITS,
      failure: null,
      voices: [{ ...VOICE, owner: 'ACCOUNT' }],
    },
  };
}

/** Whether a payload is the expected one, whatever its ids. */
export function isExpectedPayload(text: string): boolean {
  const payload = JSON.parse(text) as { data?: { tasksChanged?: { cursor?: unknown; task?: { id?: unknown } } } };
  const event = payload.data?.tasksChanged;
  const { cursor } = event ?? {};
  const id = event?.task?.id;
  if (typeof cursor !== 'string' || typeof id !== 'string') return false;
  return isDeepStrictEqual(payload, { data: { tasksChanged: toExpectedEvent(cursor, id) } });
}

/** A whole message of the protocol with an event, for servers that run no operation. */
export function toMessage(subscriptionId: string): string {
  const payload = { data: { tasksChanged: toExpectedEvent('cursor', 'id') } };
  return JSON.stringify({ id: subscriptionId, type: 'next', payload });
}
