import { afterAll, beforeAll, describe, it } from 'vitest';
import { badInputs } from './bad-inputs.ts';
import { startGateway, type RunningGateway } from './gateway.ts';
import { CREATE_LIP_SYNC_TASK, CREATE_VOICE, IDENTIFY_FACES, SYNTHESIZE_SPEECH } from './operations.ts';

const OPERATIONS = {
  createVoiceTask: CREATE_VOICE,
  identifyFaces: IDENTIFY_FACES,
  createLipSyncTask: CREATE_LIP_SYNC_TASK,
  synthesizeSpeech: SYNTHESIZE_SPEECH,
} as const;

interface Refused {
  readonly issues: readonly { readonly path: readonly string[]; readonly message: string }[];
}

let gateway: RunningGateway;
let face: string;
let requestsBefore: number;
beforeAll(async () => {
  gateway = await startGateway();
  const video = { url: 'https://example.com/sandbox-two-faces-10s.mp4' };
  const { data } = await gateway.execute(IDENTIFY_FACES, { video });
  face = data.identifyFaces.faces[0].id;
  requestsBefore = (await gateway.account.record()).requestCount;
});
afterAll(() => gateway.close());

describe('an invalid input', () => {
  // The id of the face is known only after the gateway has started. The names do not depend on it.
  it.for(badInputs('').map(({ name }, i): [string, number] => [name, i]))(
    'is refused: %s',
    async ([, i], { expect }) => {
      const { mutation, variables, paths } = badInputs(face)[i]!;
      const { data, errors } = await gateway.execute(OPERATIONS[mutation], variables);
      expect(errors).toBeUndefined();
      const { issues, ...failure } = data[mutation] as Refused;
      expect(failure).toMatchObject({ code: 'BAD_USER_INPUT', retryable: false });
      expect(new Set(issues.map(({ path }) => path.join('.')))).toEqual(new Set(paths));
      expect(issues.every(({ message }) => message.length > 5)).toBe(true);
    },
  );

  it('is refused in at least 60 ways, without a request to Kling', async ({ expect }) => {
    expect(badInputs(face).length).toBeGreaterThanOrEqual(60);
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
