import { describe, it } from 'vitest';
import { createGraphqlClient } from './support/graphql-client.ts';
import { lipSyncTask, voice, voiceTask } from './support/fake-ledger.ts';

const TASK = 'id status createdAt updatedAt expiresAt failure { code message } unitsCharged kling { klingStatus }';
const VIDEO = 'videos { klingVideoId url }';
const LIP_SYNC = `sourceVideo { klingVideoId url } ${VIDEO}`;

/** Operations with their number of calls of the ledger object, and of reads at Kling. */
const OPERATIONS: readonly (readonly [name: string, query: string, ledger: number, kling: number])[] = [
  ['one task', `{ task(by: { externalId: "e" }) { ${TASK} ... on LipSyncTask { ${LIP_SYNC} } } }`, 1, 0],
  ['one task by its id', `{ node(id: "TGlwU3luY1Rhc2s6YQ") { id ... on LipSyncTask { ${TASK} ${LIP_SYNC} } } }`, 1, 0],
  [
    'a page of tasks with all fields',
    `{ tasks(first: 100) { edges { cursor node { ${TASK} ... on LipSyncTask { ${LIP_SYNC} } ... on VoiceTask { voices { id name } } } } pageInfo { hasNextPage } } }`,
    1,
    0,
  ],
  ['a page of voices', '{ voices(first: 100) { edges { node { id name owner } } } }', 1, 0],
  ['the viewer', '{ viewer { tenant scopes expiresAt } }', 0, 0],
  [
    "a page of one of Kling's lists",
    `{ operator { klingTasks(list: LIP_SYNCS, pageSize: 500) { items { klingTaskId klingStatus parentVideo { klingVideoId url } ${VIDEO} } } } }`,
    0,
    1,
  ],
  [
    'a quote',
    '{ lipSyncQuote(input: { face: { faceId: "f" } audio: { url: "u" } placement: { audioEndMs: 3000, insertAtMs: 0 } }) { ... on LipSyncQuote { units usd } } }',
    1,
    0,
  ],
  [
    'a speech of a listed voice',
    'mutation { synthesizeSpeech(speech: { text: "Hello", klingVoiceId: "oversea_male1" }) { ... on Speech { id } } }',
    1,
    0,
  ],
  [
    'a speech of a voice that may be a preset',
    'mutation { synthesizeSpeech(speech: { text: "Hello", klingVoiceId: "829805245614694420", language: EN }) { ... on Speech { id } } }',
    1,
    1,
  ],
  [
    'a mutation',
    'mutation { createVoiceTask(input: { name: "v", sample: { url: "https://example.com/a.mp3" } }) { ... on VoiceTask { id status } ... on Failure { code message } } }',
    1,
    0,
  ],
  [
    'a deletion',
    'mutation { deleteVoice(voiceId: "Vm9pY2U6MQ") { ... on Deletion { deletedId } ... on Failure { code message } } }',
    1,
    0,
  ],
];

describe('the number of round trips', () => {
  it.for(OPERATIONS)('stays the same for %s', async ([, query, ledgerCalls, klingReads], { expect }) => {
    const client = createGraphqlClient();
    client.ledger.tasksKept = [...Array(50).keys()].flatMap((i) => [lipSyncTask(`l${i}`), voiceTask(`v${i}`)]);
    client.ledger.voicesKept = [...Array(50).keys()].map((i) => voice(`voice-${i}`));
    const { errors } = await client.execute(query);
    expect(errors).toBeUndefined();
    expect([client.ledger.calls.length, client.upstream.reads.length]).toEqual([ledgerCalls, klingReads]);
  });
});
