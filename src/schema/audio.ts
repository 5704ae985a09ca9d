import type { KeptAudio } from '../domain/records.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { SpeechRef } from './speech.ts';

/** Audio that a task was made of. A task keeps no bytes. */
export const AudioRef = builder.objectRef<KeptAudio>('Audio').implement({
  description: 'Audio that work is made from. Only the fields that are known are set.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      nullable: true,
      description: 'The URL that it was given by. Null if it was given in another way.',
      resolve: ({ url }) => url,
    }),
    durationMs: t.int({
      nullable: true,
      description: 'Its length in milliseconds. Null unless it is a WAV file in base64, or a speech.',
      resolve: ({ durationMs }) => durationMs,
    }),
    bytes: t.int({
      nullable: true,
      description: 'The size of the file that was given in base64. Null if it was given in another way.',
      resolve: ({ bytes }) => bytes,
    }),
    sha256: t.string({
      nullable: true,
      description:
        'SHA-256, in hexadecimal, of the file that was given in base64. Null if it was given in another way.',
      resolve: ({ sha256 }) => sha256,
    }),
    speech: t.field({
      type: SpeechRef,
      nullable: true,
      description: 'The speech, if it is one. Null for other audio, and for a speech that is no longer kept.',
      extensions: withCost({ call: true }),
      resolve: ({ audioId }, _args, { ledger }) => (audioId === undefined ? null : ledger.speech(audioId)),
    }),
    klingAudioId: t.string({
      nullable: true,
      description: "Kling's id of the speech. Null if it was given in another way.",
      resolve: ({ audioId }) => audioId,
    }),
    klingVideoId: t.string({
      nullable: true,
      description: "Kling's id of the video whose audio is used. Null if it was given in another way.",
      resolve: ({ videoId }) => videoId,
    }),
  }),
});
