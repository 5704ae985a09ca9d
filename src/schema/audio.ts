import type { KeptAudio } from '../domain/records.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { fileUrlOf } from './file-url.ts';
import { fileOf, MediaRef } from './media.ts';
import { SpeechRef } from './speech.ts';

/** Audio that a task was made of. A task keeps no bytes. */
export const AudioRef = builder.objectRef<KeptAudio>('Audio').implement({
  description:
    'Audio that work is made from. A field is null if it is unknown, or if the audio was given in another way.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      nullable: true,
      description: 'The URL that was given, or that of the given file. Read it again instead of storing it.',
      resolve(audio, _args, context) {
        const file = fileOf(audio);
        return file === null ? audio.url : fileUrlOf(file, context);
      },
    }),
    durationMs: t.int({
      nullable: true,
      description: 'Length in milliseconds. Known for a file, for WAV in base64, and for a speech.',
      resolve: ({ durationMs }) => durationMs,
    }),
    bytes: t.int({
      nullable: true,
      description: 'Size in bytes of the file that was given in base64.',
      resolve: ({ bytes }) => bytes,
    }),
    sha256: t.string({
      nullable: true,
      description: 'SHA-256, in hexadecimal, of the file that was given in base64.',
      resolve: ({ sha256 }) => sha256,
    }),
    media: t.field({
      type: MediaRef,
      nullable: true,
      description: 'The file, if it was given as one and is still kept.',
      extensions: withCost({ call: true }),
      resolve: ({ mediaId }, _args, { ledger }) => (mediaId === undefined ? null : ledger.mediaById(mediaId)),
    }),
    speech: t.field({
      type: SpeechRef,
      nullable: true,
      description: 'The speech, if it is one that is still kept.',
      extensions: withCost({ call: true }),
      resolve: ({ audioId }, _args, { ledger }) => (audioId === undefined ? null : ledger.speech(audioId)),
    }),
    klingAudioId: t.string({
      nullable: true,
      description: "Kling's id of the speech.",
      resolve: ({ audioId }) => audioId,
    }),
    klingVideoId: t.string({
      nullable: true,
      description: "Kling's id of the video whose sound is used.",
      resolve: ({ videoId }) => videoId,
    }),
  }),
});
