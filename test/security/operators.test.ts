import { beforeAll, describe, it } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { openSandbox } from '../support/ledger.ts';
import { askOne, WAYS } from '../support/tenants/ask.ts';
import { makeEstate, type Estate } from '../support/tenants/estate.ts';

const sandbox = openSandbox('operators');

const DELETE =
  'mutation ($id: ID!) { deleteVoice(voiceId: $id) { ... on Deletion { deletedId } ... on InvalidInputError { issues { code } } } }';
const READ_ALL = `{ operator { klingTasks(list: CUSTOM_VOICES) { items { klingTaskId } }
  klingTask(list: LIP_SYNCS, klingTaskId: "1") { klingTaskId } resourcePacks { name } } }`;

const UNKNOWN_VOICE = { data: { deleteVoice: { issues: [{ code: 'NOT_FOUND' }] } } };

let ann: Estate;
beforeAll(async () => {
  ann = await makeEstate(sandbox, 'ann-of-the-operators');
}, 60_000);

const deletions = (): Promise<number> => sandbox.count('POST', '/v1/general/delete-voices');
const codeOf = (answer: { readonly errors?: readonly { readonly extensions: { readonly code: string } }[] }) =>
  answer.errors?.[0]?.extensions.code;

describe('a tenant without the scope operator', () => {
  it.for(Object.entries(WAYS))(
    'gets FORBIDDEN for the account over %s, and causes no read at Kling',
    async ([, { ask }], { expect }) => {
      const before = (await sandbox.record()).requestCount;
      const [answer] = await ask('bob-of-the-operators', [{ query: READ_ALL, variables: {} }], false);
      expect(answer).toContain('"code":"FORBIDDEN"');
      expect(answer).toContain('"operator":null');
      expect((await sandbox.record()).requestCount).toBe(before);
    },
  );

  it('cannot delete the voice of another tenant', async ({ expect }) => {
    const before = await deletions();
    expect(await askOne('bob-of-the-operators', DELETE, { id: ann.own['Voice'] })).toEqual(UNKNOWN_VOICE);
    expect(await deletions()).toBe(before);
  });
});

describe('an operator', () => {
  const OPERATOR = { scope: 'operator' };

  it('reads the tasks of all tenants, by either id', async ({ expect }) => {
    const query = `query ($byKling: String!, $byExternal: String!) { operator {
      klingTasks(list: CUSTOM_VOICES) { items { klingTaskId } }
      byKling: klingTask(list: CUSTOM_VOICES, klingTaskId: $byKling) { klingTaskId voices { klingVoiceId } }
      byExternal: klingTask(list: CUSTOM_VOICES, klingTaskId: $byExternal) { klingTaskId voices { klingVoiceId } } } }`;
    const klingTaskId = ann.ids['voiceTaskAtKling'];
    const ids = { byKling: klingTaskId, byExternal: ann.ids['VoiceTask raw'] };
    const { data, errors } = await askOne('operator', query, ids, OPERATOR);
    expect(errors).toBeUndefined();
    const task = { klingTaskId, voices: [{ klingVoiceId: ann.ids['voice'] }] };
    expect(data.operator).toEqual({
      klingTasks: { items: expect.arrayContaining([{ klingTaskId }]) },
      byKling: task,
      byExternal: task,
    });
  });

  it('deletes a voice that is not its own, and a second time gets NOT_FOUND', async ({ expect }) => {
    const { data, errors } = await askOne('operator', DELETE, { id: ann.own['Voice'] }, OPERATOR);
    expect(errors).toBeUndefined();
    expect(data.deleteVoice.deletedId).toBe(ann.own['Voice']);
    expect(await askOne('operator', DELETE, { id: ann.own['Voice'] }, OPERATOR)).toEqual(UNKNOWN_VOICE);
  });

  it('deletes a voice that was cloned without the gateway, which no tenant can delete', async ({ expect }) => {
    const request = { name: 'Elsewhere', source: { url: 'https://example.com/voice.mp3' } };
    const made = await sandbox.elsewhere.createVoiceTask(request, { externalTaskId: null, callbackUrl: null });
    await sandbox.advance(made.klingTaskId, 'succeed');
    const [voice] = (await sandbox.elsewhere.readVoiceTask(made.klingTaskId)).voices;
    const id = encodeGlobalId('Voice', voice!.voiceId);
    expect(await askOne('bob-of-the-operators', DELETE, { id })).toEqual(UNKNOWN_VOICE);
    const { data } = await askOne('operator', DELETE, { id }, OPERATOR);
    expect(data.deleteVoice).toEqual({ deletedId: id });
    expect(await askOne('operator', DELETE, { id }, OPERATOR)).toEqual(UNKNOWN_VOICE);
  });

  it('gets NOT_FOUND for a voice that Kling does not know', async ({ expect }) => {
    const id = encodeGlobalId('Voice', '850087542757535834');
    expect(await askOne('operator', DELETE, { id }, OPERATOR)).toEqual(UNKNOWN_VOICE);
  });

  it('reads no tasks of its own tenant without the scopes for them', async ({ expect }) => {
    expect(codeOf(await askOne('operator', '{ tasks { edges { cursor } } }', {}, OPERATOR))).toBe('FORBIDDEN');
  });
});
