/** The subscription of all sockets, and the event that each side must send. */

import { isDeepStrictEqual } from 'node:util';

/** Subscribes to ends of tasks only. Earlier changes are not part of the measurement. */
export const OPERATION = {
  query: `subscription Ends($filter: TaskFilterInput) {
  taskUpdates(filter: $filter) {
    cursor resync
    task {
      __typename id externalId status updatedAt expiresAt unitsCharged kling { klingStatus }
      failure { code message }
      ... on VoiceTask { voices { klingVoiceId name sampleUrl owner } }
    }
  }
}`,
  operationName: 'Ends',
  variables: { filter: { status: ['SUCCEEDED'] } },
} as const;

/** The end of every task at Kling. It is in the future, so that the gateway's clock is never visible. */
export const ENDED_AT_MS = Date.UTC(2040, 0, 1);

/** Kling's retention of results. */
const RETENTION_MS = 30 * 24 * 3_600_000;

/** The voice that every task makes. */
export const VOICE = {
  klingVoiceId: '829877809978940000',
  name: 'Narrator',
  sampleUrl: 'https://cdn.example.com/voices/829877809978940000/trial.mp3',
} as const;

/** The charge of every task, in Kling's format. */
export const UNITS = '0.05';

/** Returns the expected `taskUpdates` event of an ended task. `id` is its global id. */
export function toExpectedEvent(cursor: string, id: string) {
  return {
    cursor,
    resync: false,
    task: {
      __typename: 'VoiceTask',
      id,
      externalId: null,
      status: 'SUCCEEDED',
      updatedAt: new Date(ENDED_AT_MS).toISOString(),
      expiresAt: new Date(ENDED_AT_MS + RETENTION_MS).toISOString(),
      unitsCharged: UNITS,
      kling: { klingStatus: 'succeed' },
      failure: null,
      voices: [{ ...VOICE, owner: 'ACCOUNT' }],
    },
  };
}

/** Returns whether a payload is the expected one, apart from its ids. */
export function isExpectedPayload(text: string): boolean {
  const payload = JSON.parse(text) as { data?: { taskUpdates?: { cursor?: unknown; task?: { id?: unknown } } } };
  const event = payload.data?.taskUpdates;
  const { cursor } = event ?? {};
  const id = event?.task?.id;
  if (typeof cursor !== 'string' || typeof id !== 'string') return false;
  return isDeepStrictEqual(payload, { data: { taskUpdates: toExpectedEvent(cursor, id) } });
}

/** Creates a whole message of the protocol with an event, for servers that do not execute operations. */
export function toMessage(subscriptionId: string): string {
  const payload = { data: { taskUpdates: toExpectedEvent('cursor', 'id') } };
  return JSON.stringify({ id: subscriptionId, type: 'next', payload });
}
