import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeAll, describe, it } from 'vitest';
import { schema } from '../../src/schema/schema.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { askOne } from '../support/tenants/ask.ts';
import { differencesOfOwn, expectNoDifference } from '../support/tenants/compare.ts';
import { makeEstate, ownInputs, type Estate } from '../support/tenants/estate.ts';
import { placesOf } from '../support/tenants/operations.ts';

const sandbox = openSandbox('tenants');

const [ANN, BOB] = ['ann-of-the-tests', 'bob-of-the-tests'];

let ann: Estate;

beforeAll(async () => {
  ann = await makeEstate(sandbox, ANN);
}, 60_000);

// Most tasks of a place never end, and all places together create more than the account has slots.
afterEach(async () => {
  const account = env.KLING_ACCOUNT.getByName('account');
  await runInDurableObject(account, (_instance, { storage }) => {
    storage.sql.exec('DELETE FROM claim');
    storage.sql.exec('DELETE FROM share');
  });
  await evictDurableObject(account);
});

let askers = 0;

/** Creates a new tenant for each place, because a key that was used in another place would be a CONFLICT. */
function makeAsker(): Promise<Estate> {
  return makeEstate(sandbox, `${BOB}-${(askers += 1)}`);
}

/** Places whose text does not name a tenant's object: it is content, a name, a note, a URL, or a preset voice. */
const OF_NO_TENANT = new Set([
  ...['createVoiceTask', 'createLipSyncTask'].flatMap((create) =>
    ['label', 'metadata.key', 'metadata.value', 'webhookUrl'].map((note) => `Mutation.${create}(input.${note})`),
  ),
  ...['face.inVideo.video.url', 'audio.url', 'audio.base64', 'audio.speech.text'].map(
    (text) => `Mutation.createLipSyncTask(input.${text})`,
  ),
  'Mutation.createVoiceTask(input.name)',
  'Mutation.createVoiceTask(input.sample.url)',
  'Mutation.identifyFaces(video.url)',
  'Mutation.synthesizeSpeech(speech.text)',
  ...['url', 'description'].flatMap((text) => [
    `Mutation.createWebhookEndpoint(${text})`,
    `Mutation.updateWebhookEndpoint(${text})`,
  ]),
  ...['url', 'file.contentType', 'file.fileName', 'file.sha256'].map(
    (field) => `Mutation.createMedia(source.${field})`,
  ),
]);

// The description of a new endpoint, and the name and type of a new file, are content. Each question about them would make one
// of at most 20 endpoints, or of 100 unfinished files.
// The inputs of `createLipSyncTasks` are those of `createLipSyncTask`, which go the same way.
const writes = placesOf(schema).filter(
  ({ operation, name }) =>
    operation === 'mutation' &&
    !/createWebhookEndpoint\(description\)|file\.(?:contentType|fileName)|createLipSyncTasks|cancelTask|retryTask|deleteVoice|deleteMedia|updateTask\(taskId\)/.test(
      name,
    ),
);

const EVERYTHING = `{
  tasks(first: 100) { edges { cursor node { id externalId status label metadata { key value } } } }
  voices(first: 100) { edges { node { id } } }
  webhookEndpoints { id url description statuses isPaused deliveries(first: 2) { nodes { id status } } }
  usage { units }
}`;

describe("another tenant's ids in a mutation that writes", () => {
  it.for(writes)('in $name are answered like unknown ids', { timeout: 120_000 }, async (place, { expect }) => {
    const bob = await makeAsker();
    const before = await askOne(ANN, EVERYTHING);
    const answers = await expectNoDifference({ place, asker: bob, other: ann, fill: ownInputs(bob) });
    for (const answer of answers) expect(answer).not.toMatch(/QUERY_TOO_COMPLEX|RATE_LIMITED|CONFLICT/);
    expect(await askOne(ANN, EVERYTHING)).toEqual(before);
  });

  it.for(writes)('in $name are answered otherwise if they are own', { timeout: 60_000 }, async (place, { expect }) => {
    const bob = await makeAsker();
    const differences = await differencesOfOwn({ place, asker: bob, fill: ownInputs(bob) });
    if (OF_NO_TENANT.has(place.name)) expect(differences).toBe(0);
    else expect(differences).toBeGreaterThan(0);
  });
});

const VOICE = `mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id externalId } ... on Failure { code message } } }`;
const SPEAK = `mutation ($speech: SpeechInput!, $externalId: String) {
  synthesizeSpeech(speech: $speech, externalId: $externalId) { ... on Speech { id klingAudioId } ... on Failure { code message } }
}`;

describe('a key that two tenants use', () => {
  it.for([
    ['the same input', 'Ann'],
    ['another input', 'Bob'],
  ] as const)('with %s creates one task for each tenant', async ([what, name], { expect }) => {
    const sample = { url: 'https://example.com/clip-sandbox-never-ends.mp4' };
    const externalId = what.replaceAll(' ', '-');
    const make = async (tenant: string, called: string) => {
      const { data, errors } = await askOne(tenant, VOICE, { input: { name: called, sample, externalId } });
      expect(errors).toBeUndefined();
      return data.createVoiceTask;
    };
    const hers = await make(ANN, 'Ann');
    const his = await make(BOB, name);
    expect(his.externalId).toBe(hers.externalId);
    expect(his.id).not.toBe(hers.id);
    expect([await make(ANN, 'Ann'), await make(BOB, name)]).toEqual([hers, his]);
  });

  it.for(['Good morning', 'Good evening'])('creates one speech of "%s" for each tenant', async (text, { expect }) => {
    const speak = async (tenant: string, said: string) => {
      const speech = { text: said, klingVoiceId: 'oversea_male1', language: 'EN' };
      const { data, errors } = await askOne(tenant, SPEAK, { speech, externalId: text.replace(' ', '-') });
      expect(errors).toBeUndefined();
      return data.synthesizeSpeech.klingAudioId;
    };
    const hers = await speak(ANN, 'Good morning');
    const his = await speak(BOB, text);
    expect(his).not.toBe(hers);
    expect([await speak(ANN, 'Good morning'), await speak(BOB, text)]).toEqual([hers, his]);
  });
});
