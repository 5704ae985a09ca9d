import { beforeAll, describe, it } from 'vitest';
import { shardOf } from '../../src/hub/pool.ts';
import { schema } from '../../src/schema/schema.ts';
import { openSandbox } from '../support/ledger.ts';
import { askOne } from '../support/tenants/ask.ts';
import { differencesOfOwn, expectNoDifference } from '../support/tenants/compare.ts';
import { makeEstate, ownInputs, queueTask, type Estate } from '../support/tenants/estate.ts';
import { placesOf } from '../support/tenants/operations.ts';

const sandbox = openSandbox('tenants');

/** Two tenants on the same hub, where shared state would leak. */
const [ANN, BOB] = ['ann-of-the-tests', 'bob-of-the-tests'];

let ann: Estate;
let bob: Estate;

beforeAll(async () => {
  bob = await makeEstate(sandbox, BOB);
  const made = await makeEstate(sandbox, ANN);
  const { id } = await queueTask(ANN);
  ann = { ...made, ids: { ...made.ids, 'waiting task': id } };
}, 60_000);

/** Everything that a tenant can read without an id. */
const EVERYTHING = `{
  viewer { tenant subject scopes }
  tasks(first: 100) { edges { cursor node { id externalId label metadata { key value } status kling { klingTaskId klingRequestId parentVideo { klingVideoId url } } } } }
  inputs: tasks(first: 100, orderBy: OLDEST_FIRST) { edges { cursor node { id
    ... on LipSyncTask { sourceVideo { url klingVideoId } face { id scan { id } } audio { klingAudioId speech { id } } placement { insertAtMs }
      videos { klingVideoId url } }
    ... on VoiceTask { name sample { url klingVideoId } voices { id klingVoiceId name } } } } }
  voices(first: 100) { edges { cursor node { id klingVoiceId name } } }
  faceScans(first: 100) { edges { cursor node { id klingSessionId klingRequestId video { url } faces { id scan { id } } } } }
  speeches(first: 100) { edges { cursor node { id text url klingAudioId kling { klingTaskId klingRequestId } } } }
  media(first: 100) { edges { cursor node { id fileName url } } }
  taskUpdates(first: 100) { edges { cursor node { sequence task { id externalId } } } }
  webhookEndpoints { id url description statuses isPaused deliveries(first: 2) { edges { cursor node { id status attempts { responseStatus } } } } }
  usage { month units unitsMax }
}`;

/** Places whose text does not name a tenant's object, or that only an operator may use. */
const OF_NO_TENANT = new Set([
  'OperatorQuery.klingTask(klingTaskId)',
  'Query.presetVoices(after)',
  'Query.lipSyncQuote(input.face.inVideo.video.url)',
  'Query.lipSyncQuote(input.audio.url)',
  'Query.lipSyncQuote(input.audio.speech.text)',
  'Query.lipSyncQuote(input.audio.base64)',
  'Query.lipSyncQuote(input.label)',
  'Query.lipSyncQuote(input.metadata.key)',
  'Query.lipSyncQuote(input.metadata.value)',
  'Query.lipSyncQuote(input.webhookUrl)',
]);

const places = placesOf(schema);
const reads = places.filter(({ operation, name }) =>
  operation === 'mutation'
    ? /cancelTask|retryTask|deleteVoice|deleteMedia|updateTask\(taskId\)/.test(name)
    : // A subscription to a label is silent. See the tests of live events.
      operation !== 'subscription' || !name.endsWith('(filter.label)'),
);

describe("another tenant's ids", () => {
  it('are tried in every place of the schema that takes text', ({ expect }) => {
    expect(shardOf(ANN)).toBe(shardOf(BOB));
    expect(Object.keys(ann.ids).length).toBeGreaterThan(30);
    expect(places.length).toBeGreaterThan(35);
  });

  it.for(reads)('in $name are answered like unknown ids', { timeout: 120_000 }, async (place, { expect }) => {
    const before = await askOne(ANN, EVERYTHING);
    const answers = await expectNoDifference({ place, asker: bob, other: ann, fill: ownInputs(bob) });
    for (const answer of answers) {
      expect(answer).not.toContain('QUERY_TOO_COMPLEX');
      if (place.name.endsWith('(after)')) expect(answer).toContain('BAD_USER_INPUT');
    }
    expect(await askOne(ANN, EVERYTHING)).toEqual(before);
  });

  it.for(reads)('in $name are answered otherwise if they are own', { timeout: 60_000 }, async (place, { expect }) => {
    const differences = await differencesOfOwn({ place, asker: bob, fill: ownInputs(bob) });
    if (OF_NO_TENANT.has(place.name)) expect(differences).toBe(0);
    else expect(differences).toBeGreaterThan(0);
  });
});

const units = async (tenant: string): Promise<unknown> => (await askOne(tenant, '{ usage { units } }')).data.usage;

describe('a tenant that reads everything without an id', () => {
  it('gets its own objects, and no id of another tenant', async ({ expect }) => {
    for (const [mine, other] of [
      [bob, ann],
      [ann, bob],
    ] as const) {
      const text = JSON.stringify(await askOne(mine.tenant, EVERYTHING));
      expect(Object.entries(other.ids).filter(([, id]) => text.includes(id))).toEqual([]);
      for (const name of [
        'externalId',
        'label',
        'metadataKey',
        'metadataValue',
        'voice',
        'video',
        'LipSyncTask id',
        'FaceScan id',
        'session',
        'audioId',
        'endpointDescription',
        'WebhookDelivery id',
        'tasksCursor',
      ]) {
        if (name !== 'tasksCursor' || mine === bob) expect(text).toContain(mine.ids[name]);
      }
    }
  });

  it('is not charged for the usage of another tenant', async ({ expect }) => {
    expect(await units('nobody-of-the-tests')).toEqual({ units: '0' });
    expect(await units(BOB)).toEqual(await units(ANN));
  });
});
