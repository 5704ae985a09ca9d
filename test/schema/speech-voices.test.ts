import { describe, it } from 'vitest';
import { checkSynthesizeSpeechInput, SPEECH_VOICES } from '../../src/domain/speech.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const QUERY = `query ($language: SpeechLanguage) { speechVoices(language: $language) {
  klingVoiceId name language gender sampleUrl sourceUrl sourceReadAt } }`;

interface Shown {
  readonly klingVoiceId: string;
  readonly language: string;
  readonly sourceUrl: string;
  readonly sourceReadAt: string;
}

async function listed(language?: 'EN' | 'ZH'): Promise<readonly Shown[]> {
  const { data, errors } = await createGraphqlClient().execute(QUERY, { language });
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.speechVoices;
}

describe('speechVoices', () => {
  it('shows a voice with its source', async ({ expect }) => {
    expect(await listed('EN')).toContainEqual({
      klingVoiceId: 'oversea_male1',
      name: 'Anchor',
      language: 'EN',
      gender: 'MALE',
      sampleUrl: null,
      sourceUrl: expect.stringMatching(/^https:\/\/github\.com\/\S+\/blob\/[\da-f]{40}\/\S+$/),
      sourceReadAt: '2026-11-29T00:00:00.000Z',
    });
  });

  it('lists the voices of one language, or all', async ({ expect }) => {
    const [english, chinese] = [await listed('EN'), await listed('ZH')];
    expect(new Set(english.map(({ language }) => language))).toEqual(new Set(['EN']));
    expect(new Set(chinese.map(({ language }) => language))).toEqual(new Set(['ZH']));
    expect([english.length, chinese.length]).toEqual([27, 35]);
    expect(await listed()).toEqual([...english, ...chinese]);
  });

  it('lists each voice once for a language', async ({ expect }) => {
    const keys = (await listed()).map(({ klingVoiceId, language }) => `${klingVoiceId} ${language}`);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  it('lists only voices that synthesizeSpeech accepts', ({ expect }) => {
    const refused = SPEECH_VOICES.filter(
      ({ klingVoiceId, language }) =>
        !checkSynthesizeSpeechInput({ speech: { text: 'Hello', klingVoiceId, language } }).ok,
    );
    expect(refused).toEqual([]);
  });

  it('does not limit synthesizeSpeech: a voice that is not listed reaches the ledger', async ({ expect }) => {
    const client = createGraphqlClient();
    const query = `mutation { synthesizeSpeech(speech: { text: "t", klingVoiceId: "unlisted", language: EN }) { ... on Speech { url } ... on Failure { code message } } }`;
    expect((await client.execute(query)).errors).toBeUndefined();
    expect(client.ledger.calls).toMatchObject([['synthesizeSpeech', { speech: { klingVoiceId: 'unlisted' } }]]);
  });
});
