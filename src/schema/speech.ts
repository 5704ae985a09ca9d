import {
  type SpeechRequest,
  type SpokenInput,
  SPEECH_VOICES,
  SPEECH_VOICES_SOURCE,
  type SpeechVoice,
  type VoiceGender,
} from '../domain/speech.ts';
import type { Upstream } from '../domain/ports.ts';
import { resultExpiresAtMs, type Speech } from '../domain/records.ts';
import { GatewayError } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import {
  builder,
  decodeGlobalId,
  definedOnly,
  idOf,
  toConnection,
  toWindow,
  WINDOW_COST,
  windowArgs,
} from './builder.ts';
import { PAID_FAILURES } from './failures.ts';

const LANGUAGES = {
  ZH: { value: 'zh', description: 'Chinese.' },
  EN: { value: 'en', description: 'English.' },
} as const satisfies Record<
  Uppercase<SpeechRequest['language']>,
  { value: SpeechRequest['language']; description: string }
>;

const SpeechLanguageRef = builder.enumType('SpeechLanguage', {
  description: 'The languages of text-to-speech. A voice speaks one of them.',
  values: LANGUAGES,
});

export const SpeechRef = builder.node(builder.objectRef<Speech>('Speech'), {
  description: 'A text that Kling has turned into audio.',
  id: { resolve: ({ audioId }) => audioId },
  loadOne: (id, { ledger }) => ledger.speech(id),
  fields: (t) => ({
    externalId: t.string({
      nullable: true,
      description: "The caller's own id, given when the speech was made. Null if none was given.",
      resolve: ({ externalId }) => externalId,
    }),
    createdAt: t.expose('createdAtMs', {
      type: 'DateTime',
      description: "When the audio was made, by Kling's clock if Kling reports it.",
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: '30 days after `createdAt`. Kling then deletes the audio.',
      resolve: ({ createdAtMs }) => resultExpiresAtMs(createdAtMs),
    }),
    text: t.exposeString('text', { description: 'The text as it was given.' }),
    language: t.expose('language', { type: SpeechLanguageRef, description: 'The language of the voice.' }),
    speed: t.exposeFloat('speed', { description: "The speed, 0.8 to 2. 1 is the voice's own speed." }),
    klingVoiceId: t.exposeString('voiceId', {
      description: 'The voice: a `SpeechVoice.klingVoiceId`, or one that is not listed.',
    }),
    url: t.expose('url', {
      type: 'URL',
      nullable: true,
      description: 'Where to download the audio, until `expiresAt`. Null if Kling sent no URL.',
    }),
    durationMs: t.exposeInt('durationMs', {
      nullable: true,
      description: 'Length in milliseconds. A lip-sync needs at least 2000. Null if unknown.',
    }),
    unitsCharged: t.expose('unitsDeducted', {
      type: 'Decimal',
      nullable: true,
      description: 'Cost in units, as Kling reports it. Null if unknown.',
    }),
    klingAudioId: t.exposeString('audioId', {
      description: "Kling's id of the audio. `AudioInput.speechId` takes `id` instead.",
    }),
  }),
});

const SpeechConnectionRef = builder.connectionObject(
  { type: SpeechRef, name: 'SpeechConnection', description: "A page of the caller's speeches." },
  { description: 'A speech and its position in the list.' },
);

builder.queryField('speeches', (t) =>
  t.field({
    type: SpeechConnectionRef,
    description: "Lists the caller's speeches that are still kept, newest first.",
    args: windowArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      return toConnection(await ledger.speeches(window), window);
    },
  }),
);

const GENDERS = {
  FEMALE: { value: 'FEMALE', description: 'A woman or a girl.' },
  MALE: { value: 'MALE', description: 'A man or a boy.' },
} as const satisfies { readonly [Gender in VoiceGender]: { readonly value: Gender; readonly description: string } };

const SpeechVoiceRef = builder.objectRef<SpeechVoice>('SpeechVoice').implement({
  description: 'A voice for text-to-speech. It speaks one language; the same `klingVoiceId` may be listed in both.',
  fields: (t) => ({
    klingVoiceId: t.exposeString('klingVoiceId', { description: 'The value for `SpeechInput.klingVoiceId`.' }),
    name: t.exposeString('name', { description: "Kling's name of the voice, in the voice's language." }),
    language: t.expose('language', { type: SpeechLanguageRef, description: 'The language that the voice speaks.' }),
    gender: t.expose('gender', {
      type: builder.enumType('VoiceGender', { description: 'How a voice sounds.', values: GENDERS }),
      nullable: true,
      description: "According to Kling's name or id of the voice. Null if neither says it.",
    }),
    sampleUrl: t.field({
      type: 'URL',
      nullable: true,
      description: 'A recording to listen to. Null if Kling has published none at a URL.',
      resolve: () => null,
    }),
    sourceUrl: t.field({
      type: 'URL',
      description: 'Where the voice is published: by Kling, or by a developer who has used it.',
      resolve: () => SPEECH_VOICES_SOURCE.url,
    }),
    sourceReadAt: t.field({
      type: 'DateTime',
      description: 'When the source was last read. Kling may have retired the voice since.',
      resolve: () => SPEECH_VOICES_SOURCE.readAtMs,
    }),
  }),
});

builder.queryField('speechVoices', (t) =>
  t.field({
    type: [SpeechVoiceRef],
    description:
      'Lists the text-to-speech voices that Kling has published. The list is part of the gateway; Kling has no API for it.',
    args: {
      language: t.arg({
        type: SpeechLanguageRef,
        required: false,
        description: 'Only voices that speak this language. Null lists all.',
      }),
    },
    extensions: withCost({ max: SPEECH_VOICES.length }),
    resolve: (_root, { language }) =>
      SPEECH_VOICES.filter((voice) => language === undefined || language === null || voice.language === language),
  }),
);

export const SpeechInputRef = builder.inputType('SpeechInput', {
  description: 'A text, and the voice that reads it.',
  fields: (t) => ({
    text: t.string({ description: "1 to 1000 characters, in the voice's language." }),
    klingVoiceId: t.string({
      description:
        'A `SpeechVoice.klingVoiceId`, such as `oversea_male1`. One that is not in `speechVoices` is allowed too. A `Voice` cannot be used.',
    }),
    language: t.field({
      type: SpeechLanguageRef,
      required: false,
      description:
        'The language of the voice. Null takes it from `speechVoices`, and is refused for a voice that is not listed or is listed in both.',
    }),
    speed: t.float({ defaultValue: 1, description: "0.8 to 2. 1 is the voice's own speed." }),
  }),
});

const SpeechResultRef = builder.errorUnion('SpeechResult', {
  description: 'The speech, which is complete, or why the text was not spoken.',
  types: [SpeechRef, ...PAID_FAILURES],
  resolveType: () => 'Speech',
});

builder.mutationField('synthesizeSpeech', (t) =>
  t.field({
    type: SpeechResultRef,
    nullable: true,
    description:
      'Turns text into audio, and waits for the answer. Costs 0.05 units. A lost answer cannot be recovered: it is a `KlingError`.',
    args: {
      speech: t.arg({ type: SpeechInputRef, description: 'The text, and the voice that reads it.' }),
      externalId: t.arg.string({
        required: false,
        description:
          "The caller's own id of the speech, 1 to 64 of `A-Z a-z 0-9 . _ : -`. Repeating a call with it returns the same speech and costs nothing, as long as the id is kept, 30 days by default. Another input is a `ConflictError`. Null makes a new speech each time.",
      }),
    },
    async resolve(_root, args, { ledger, upstream }) {
      const speech = await toSpokenInput(args.speech, upstream);
      return ledger.write('synthesizeSpeech', { ...definedOnly(args), speech });
    },
  }),
);

/** Adds what is known of the voice of a text. */
export async function toSpokenInput(
  speech: typeof SpeechInputRef.$inferInput,
  upstream: Upstream,
): Promise<SpokenInput> {
  return { ...definedOnly(speech), isVideoVoice: await isForVideos(speech.klingVoiceId, upstream) };
}

/** The ids of Kling's preset voices are numbers, and those of its text-to-speech voices are not (live, 2025-12 to 2026-09). */
const PRESET_ID = /^\d{1,128}$/;

/**
 * Returns true for the id of a `Voice`, and for a preset voice of Kling. False if the presets cannot be read, as without the
 * scope for them: Kling then refuses the voice. The ledger knows the voices that were cloned here.
 */
async function isForVideos(klingVoiceId: string, upstream: Upstream): Promise<boolean> {
  if (idOf('Voice', decodeGlobalId(klingVoiceId)) !== null) return true;
  if (!PRESET_ID.test(klingVoiceId)) return false;
  const presets = await upstream.presetVoices().catch((error: unknown) => {
    if (error instanceof GatewayError) return [];
    throw error;
  });
  return presets.some(({ voiceId }) => voiceId === klingVoiceId);
}
