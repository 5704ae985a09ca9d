import { builder } from './builder.ts';
import { definedOnly } from './defined-only.ts';
import { idOf } from './global-id.ts';
import { LipSyncTaskRef } from './lip-sync.ts';

const SoundSourceInputRef = builder.inputType('SoundSourceInput', {
  description: 'The sound to speak: MP3, WAV, M4A or AAC, 2 to 60 s long, at most 5 MB. Exactly one of the three.',
  isOneOf: true,
  fields: (t) => ({
    audioId: t.string({
      required: false,
      description: "The `audioId` of a `Speech` made in the last 30 days. Another caller's is not there.",
    }),
    url: t.string({ required: false, description: 'Where Kling can fetch the sound: public, `https` only.' }),
    base64: t.string({
      required: false,
      description: 'The sound itself in padded base64 on one line, without a `data:` prefix.',
      // The body of a request may be large for this field alone.
      extensions: { isAudio: true },
    }),
  }),
});

const PlacementInputRef = builder.inputType('PlacementInput', {
  description:
    "Where the sound is cut and where the cut is put into the video, in milliseconds. The cut is at least 2000 ms long, lies within the sound, ends within the video, and overlaps the face's interval by at least 2000 ms.",
  fields: (t) => ({
    cropStartMs: t.int({ description: 'Where the cut begins, from the start of the sound. 0 keeps its beginning.' }),
    cropEndMs: t.int({
      description:
        'Where the cut ends, from the start of the sound; not past its real end, or the task fails at Kling.',
    }),
    insertAtMs: t.int({ description: 'Where the cut starts to sound, from the start of the video.' }),
    soundDurationMs: t.int({
      required: false,
      description:
        'How long the sound is, if the caller knows: `cropEndMs` is then checked before anything is paid. Null: not known. Ignored where the gateway knows better.',
    }),
    videoDurationMs: t.int({
      required: false,
      description:
        'How long the video is, if the caller knows: the end of the cut is then checked, and the cost estimated from it. Null: not known, and reckoned as 60 s.',
    }),
  }),
});

const CreateLipSyncTaskInputRef = builder.inputType('CreateLipSyncTaskInput', {
  description: 'Which face speaks which sound, when, and how loud.',
  fields: (t) => ({
    faceId: t.globalID({ description: 'The `id` of a `Face` from a scan that is not older than 24 hours.' }),
    sound: t.field({ type: SoundSourceInputRef, description: 'What is spoken.' }),
    placement: t.field({ type: PlacementInputRef, description: 'Which part of the sound, and when in the video.' }),
    soundVolume: t.float({
      required: false,
      defaultValue: 1,
      description: 'How loud the sound is, 0 to 2; 1 and null leave it as it is.',
    }),
    originalAudioVolume: t.float({
      required: false,
      defaultValue: 1,
      description:
        "How loud the video's own sound stays, 0 to 2; 1 and null leave it as it is. No effect on a silent video.",
    }),
    watermark: t.boolean({
      required: false,
      defaultValue: false,
      description: "Make a copy with Kling's watermark as well, shown as `watermarkUrl`. Null: no.",
    }),
    externalId: t.string({
      required: false,
      description:
        "The caller's own id of the task, 1 to 64 of `A-Z a-z 0-9 . _ : -`. The same one with the same input answers with the same task and costs nothing, for as long as the task is kept; with another input it is `CONFLICT`. Null: every call makes a task.",
    }),
  }),
});

const CreateLipSyncTaskPayloadRef = builder
  .objectRef<{ readonly task: typeof LipSyncTaskRef.$inferType }>('CreateLipSyncTaskPayload')
  .implement({
    description: 'What `createLipSyncTask` did.',
    fields: (t) => ({
      task: t.expose('task', {
        type: LipSyncTaskRef,
        description:
          'As it stands right after, seldom final. `QUEUED` when Kling has no free slot: it is sent as soon as one is.',
      }),
    }),
  });

builder.mutationField('createLipSyncTask', (t) =>
  t.field({
    type: CreateLipSyncTaskPayloadRef,
    nullable: true,
    description:
      "Makes a face speak. Costs 0.5 units for every 5 s of video (Kling's price list, 2026-09); the task is made at most once, whatever happens on the way, and with an `externalId` also when the call is repeated. Errors: `BAD_USER_INPUT` with all issues at once and before anything is paid, `CONFLICT`, `CONTENT_REJECTED`, `QUOTA_EXHAUSTED`. Null with an error when it was not done.",
    args: {
      input: t.arg({ type: CreateLipSyncTaskInputRef, description: 'Checked as a whole before Kling is asked.' }),
    },
    resolve: async (_root, { input }, { ledger }) => ({
      task: await ledger.write('createLipSyncTask', { ...definedOnly(input), faceId: idOf('Face', input.faceId) }),
    }),
  }),
);
