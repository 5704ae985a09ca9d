import { beforeAll, describe, it } from 'vitest';
import { ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';
import { askOne } from '../support/tenants/ask.ts';
import { deliveriesOf, inboxOf, newBox, openEndpoint, received, verified } from '../support/webhooks.ts';

const sandbox = openSandbox('tenants-webhooks');

const [ANN, BOB] = ['ann-of-the-webhooks', 'bob-of-the-webhooks'];
const HERS = 'https://hooks-of-ann.example.com/kling?token=of-ann';
const HIS = 'https://hooks-of-bob.example.com/kling';

const FAILURE = '__typename ... on Failure { code message } ... on InvalidInputError { issues { path code message } }';
const PLACES = {
  createVoiceTask: [
    `mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ${FAILURE} } }`,
    { name: 'Bob', sample: { url: 'https://example.com/clip-sandbox-never-ends.mp4' } },
  ],
  createLipSyncTask: [
    `mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { ${FAILURE} } }`,
    lipSync(),
  ],
  lipSyncQuote: [`query ($input: CreateLipSyncTaskInput!) { lipSyncQuote(input: $input) { ${FAILURE} } }`, lipSync()],
} as const;

function lipSync() {
  const face = { klingFace: { klingSessionId: 'session-that-never-was', klingFaceId: '0' } };
  const placement = { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 0 };
  return { face, audio: { url: 'https://example.com/a.mp3' }, placement };
}

beforeAll(async () => {
  await openEndpoint(ledgerOf(ANN), HERS);
  await openEndpoint(ledgerOf(BOB), HIS);
});

describe('a webhookUrl with the origin of an endpoint of another tenant', () => {
  it.for(Object.entries(PLACES))('in %s is answered like an unknown one', async ([, [query, input]], { expect }) => {
    const ask = (webhookUrl: string) => askOne(BOB, query, { input: { ...input, webhookUrl } });
    const unknown = await ask('https://hooks-of-nobody.example.com/kling');
    expect(JSON.stringify(unknown)).toContain('NOT_FOUND');
    expect(await ask(HERS)).toEqual(unknown);
    expect(await ask(new URL('/other', HERS).href)).toEqual(unknown);
    expect(await ask(HIS)).not.toEqual(unknown);
  });
});

describe('two tenants with one URL', () => {
  it('get the tasks of their own, each signed by the secret of its own, and see no delivery of the other', async ({
    expect,
  }) => {
    const [hers, shared] = [ledgerOf(`${ANN}-2`), newBox()];
    const his = ledgerOf(`${BOB}-2`);
    const [ann, bob] = [await openEndpoint(hers, shared.url), await openEndpoint(his, shared.url)];
    const webhookUrl = `${shared.url}&task=1`;
    const { id } = valueOf(await hers.createVoiceTask({ ...voiceInput(null), webhookUrl }));
    await sandbox.advance(id, 'succeed');
    await hers.ingest(id, null);
    // The end at both URLs, and at least one change before it.
    const arrived = async () =>
      (await deliveriesOf(hers, ann.endpoint.id)).filter(({ status }) => status === 'SUCCEEDED').length;
    await expect.poll(arrived).toBeGreaterThan(2);
    const messages = await received(shared.name, await arrived());
    for (const message of messages) {
      verified(message, ann.secret);
      expect(() => verified(message, bob.secret)).toThrow('No matching signature');
    }
    expect(await deliveriesOf(his, bob.endpoint.id)).toEqual([]);
    expect(await his.webhookDeliveriesOf([`${ann.endpoint.id}:1`])).toEqual({ ok: true, value: [null] });
    expect(await his.webhookEndpointsOf([ann.endpoint.id])).toEqual([null]);
    expect(JSON.stringify(await his.webhookEndpoints())).not.toContain(ann.endpoint.id);
  });

  it('keep their webhooks when the other one deletes its endpoint', async ({ expect }) => {
    const [hers, his, shared] = [ledgerOf(`${ANN}-3`), ledgerOf(`${BOB}-3`), newBox()];
    await openEndpoint(hers, shared.url);
    const bob = await openEndpoint(his, shared.url);
    valueOf(await his.deleteWebhookEndpoint({ endpointId: bob.endpoint.id }));
    const { id } = valueOf(await hers.createVoiceTask(voiceInput(null)));
    await sandbox.advance(id, 'succeed');
    await hers.ingest(id, null);
    await received(shared.name, 1);
    expect(await inboxOf(shared.name)).toHaveLength(1);
  });
});

describe('a secret', () => {
  it('is in no answer but that of its creation and its rotation', async ({ expect }) => {
    const tenant = `${ANN}-4`;
    const { endpoint, secret } = await openEndpoint(ledgerOf(tenant), newBox().url);
    const rotated = valueOf(await ledgerOf(tenant).rotateWebhookSecret({ endpointId: endpoint.id }));
    valueOf(await ledgerOf(tenant).sendTestWebhook({ endpointId: endpoint.id }));
    const endpoints = await askOne(
      tenant,
      '{ webhookEndpoints { __typename id url description statuses isPaused pausedReason createdAt deliveries { nodes { __typename id url status attempts { responseBody error } } } } }',
    );
    const all = JSON.stringify([endpoints, await ledgerOf(tenant).webhookEndpoints()]);
    expect(all).toContain(endpoint.url);
    for (const shown of [secret, rotated.secret]) expect(all).not.toContain(shown.slice('whsec_'.length));
  });
});
