import { afterAll, beforeAll, describe, it } from 'vitest';
import { badInputs } from './bad-inputs.ts';
import { startGateway, type RunningGateway } from './gateway.ts';
import { CREATE_LIP_SYNC_TASK, CREATE_VOICE, IDENTIFY_FACES, SYNTHESIZE_SPEECH } from './operations.ts';

const OPERATIONS = {
  createVoiceTask: CREATE_VOICE,
  identifyFaces: IDENTIFY_FACES,
  createLipSyncTask: CREATE_LIP_SYNC_TASK,
  synthesizeSpeech: SYNTHESIZE_SPEECH,
  createLipSyncTasks: refusalOf('createLipSyncTasks', { inputs: '[CreateLipSyncTaskInput!]!' }),
  retryTask: refusalOf('retryTask', { taskId: 'ID!', externalId: 'String' }),
  cancelTask: refusalOf('cancelTask', { taskId: 'ID!' }),
  updateTask: refusalOf('updateTask', { taskId: 'ID!', label: 'String', metadata: '[MetadataInput!]' }),
  deleteTask: refusalOf('deleteTask', { taskId: 'ID!' }),
  deleteVoice: refusalOf('deleteVoice', { voiceId: 'ID!' }),
  deleteMedia: refusalOf('deleteMedia', { mediaId: 'ID!' }),
  createWebhookEndpoint: refusalOf('createWebhookEndpoint', { url: 'String!', description: 'String' }),
  updateWebhookEndpoint: refusalOf('updateWebhookEndpoint', {
    endpointId: 'ID!',
    url: 'String',
    description: 'String',
  }),
  rotateWebhookSecret: refusalOf('rotateWebhookSecret', { endpointId: 'ID!' }),
  deleteWebhookEndpoint: refusalOf('deleteWebhookEndpoint', { endpointId: 'ID!' }),
  sendTestWebhook: refusalOf('sendTestWebhook', { endpointId: 'ID!' }),
  redeliverWebhook: refusalOf('redeliverWebhook', { deliveryId: 'ID!' }),
} as const;

/** Returns a mutation whose answer is only read if it is refused. */
function refusalOf(mutation: string, types: Readonly<Record<string, string>>): string {
  const names = Object.keys(types);
  return `mutation (${names.map((name) => `$${name}: ${types[name]}`).join(' ')}) {
    ${mutation}(${names.map((name) => `${name}: $${name}`).join(' ')}) {
      ... on InvalidInputError { code retryable issues { path message } }
    }
  }`;
}

const CREATE_ENDPOINT = `mutation {
  createWebhookEndpoint(url: "https://hooks.example.com/a") { ... on WebhookSecret { endpoint { id } } }
}`;

interface Refused {
  readonly issues: readonly { readonly path: readonly string[]; readonly message: string }[];
}

let gateway: RunningGateway;
let face: string;
let endpoint: string;
let requestsBefore: number;
beforeAll(async () => {
  gateway = await startGateway();
  const video = { url: 'https://example.com/sandbox-two-faces-10s.mp4' };
  const { data } = await gateway.execute(IDENTIFY_FACES, { video });
  face = data.identifyFaces.faces[0].id;
  endpoint = (await gateway.execute(CREATE_ENDPOINT)).data.createWebhookEndpoint.endpoint.id;
  requestsBefore = (await gateway.account.record()).requestCount;
});
afterAll(() => gateway.close());

describe('an invalid input', () => {
  // The ids are known only after the gateway has started. The names do not depend on them.
  it.for(badInputs('', '').map(({ name }, i): [string, number] => [name, i]))(
    'is refused: %s',
    async ([, i], { expect }) => {
      const { mutation, variables, paths } = badInputs(face, endpoint)[i]!;
      const { data, errors } = await gateway.execute(OPERATIONS[mutation], variables);
      expect(errors).toBeUndefined();
      // One that creates several answers with a list.
      const refused = [data[mutation] as Refused | readonly Refused[]].flat();
      for (const failure of refused) expect(failure).toMatchObject({ code: 'BAD_USER_INPUT', retryable: false });
      const issues = refused.flatMap((failure) => failure.issues);
      expect(new Set(issues.map(({ path }) => path.join('.')))).toEqual(new Set(paths));
      expect(issues.every(({ message }) => message.length > 5)).toBe(true);
    },
  );

  it('is refused in at least 60 ways, without a request to Kling', async ({ expect }) => {
    expect(badInputs(face, endpoint).length).toBeGreaterThanOrEqual(60);
    expect((await gateway.account.record()).requestCount).toBe(requestsBefore);
  });
});

describe('an input that GraphQL refuses', () => {
  it.for([
    ['two sources', { video: { url: 'https://example.com/a.mp4', klingVideoId: '1' } }],
    ['no source', { video: {} }],
    ['a null source', { video: { url: null } }],
    ['no video', {}],
    ['an unknown field', { video: { klingVideoId: '1', colour: 'red' } }],
    ['a number for a URL', { video: { url: 5 } }],
  ] as const)('is BAD_USER_INPUT: %s', async ([, variables], { expect }) => {
    const { errors } = await gateway.execute(IDENTIFY_FACES, variables);
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect((await gateway.account.record()).requestCount).toBe(requestsBefore);
  });
});
