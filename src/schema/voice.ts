import type { GatewayContext } from '../context.ts';
import type { DeletedVoiceResult } from '../domain/ports.ts';
import type { Voice } from '../domain/voice.ts';
import { GatewayError } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { toConnection, toWindow, WINDOW_COST, windowArgs } from './connection.ts';
import { idOf } from './global-id.ts';
import { findPresetVoice, presetVoicesIn } from './preset-voices.ts';

const OWNER_MEANING = {
  KLING: { value: 'KLING', description: "From Kling's own library: for everyone, and never to be deleted." },
  ACCOUNT: { value: 'ACCOUNT', description: 'Cloned by a voice task.' },
} as const satisfies { readonly [Owner in Voice['owner']]: { readonly value: Owner; readonly description: string } };

const VoiceOwnerRef = builder.enumType('VoiceOwner', {
  description: 'Who made a voice.',
  values: OWNER_MEANING,
});

/** Kling makes one voice of a voice task (custom voice pages, 2026-09). */
export const VOICES_PER_TASK = 1;

/** A voice at Kling. */
export const VoiceRef = builder.node(builder.objectRef<Voice>('Voice'), {
  description:
    "A voice that Kling's video models can speak with. Not for `synthesizeSpeech`: its voices are another list with other ids.",
  id: { resolve: (voice) => voice.voiceId },
  loadOne: findVoice,
  fields: (t) => ({
    voiceId: t.exposeString('voiceId', {
      description: "Kling's id of it, globally unique: for calling Kling's video models.",
    }),
    name: t.exposeString('name', { description: 'As it was called when it was made. Not unique.' }),
    trialUrl: t.exposeString('trialUrl', {
      nullable: true,
      description:
        'A sound to listen to. Kling deletes that of a cloned voice after 30 days. Null when Kling sends none.',
    }),
    owner: t.expose('owner', { type: VoiceOwnerRef, description: 'Whether it can be deleted: only `ACCOUNT` can.' }),
    ownerId: t.exposeString('ownerId', {
      nullable: true,
      description: "Kling's `owned_by`: `kling`, or its id of the account. Null when not sent.",
    }),
  }),
});

const VoiceConnectionRef = builder.connectionObject(
  { type: VoiceRef, name: 'VoiceConnection', description: 'A window of a list of voices.' },
  { description: 'A voice, and where it stands in the list.' },
);

builder.queryFields((t) => ({
  voice: t.field({
    type: VoiceRef,
    nullable: true,
    description:
      "One voice, of the caller's own or of Kling's library. Null when there is none, when it is another caller's, or when it was deleted.",
    args: { id: t.arg.globalID({ description: 'The `id` of a `Voice`.' }) },
    resolve(_root, { id }, context) {
      const voiceId = idOf('Voice', id);
      return voiceId === null ? null : findVoice(voiceId, context);
    },
  }),
  voices: t.field({
    type: VoiceConnectionRef,
    description: "The voices that the caller's tasks have made, without the deleted ones, newest first.",
    args: windowArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      return toConnection(await ledger.voices(window), window);
    },
  }),
  presetVoices: t.field({
    type: VoiceConnectionRef,
    description:
      "Kling's own library in Kling's order, the same for every caller. It is read at most every 5 minutes. Null with `UPSTREAM_UNAVAILABLE` when Kling does not answer and no reading is kept.",
    args: windowArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { upstream }) {
      const window = toWindow(args);
      return toConnection(await presetVoicesIn(upstream, window), window);
    },
  }),
}));

const DeleteVoiceInputRef = builder.inputType('DeleteVoiceInput', {
  description: 'Which voice goes.',
  fields: (t) => ({ voiceId: t.globalID({ description: 'The `id` of a `Voice` whose owner is `ACCOUNT`.' }) }),
});

const DeleteVoicePayloadRef = builder.objectRef<DeletedVoiceResult>('DeleteVoicePayload').implement({
  description: 'What `deleteVoice` did. Kling often answers with nothing but success.',
  fields: (t) => ({
    deletedVoiceId: t.globalID({
      description: "The `id` the voice had: drop it from the client's cache.",
      resolve: ({ voiceId }) => ({ type: VoiceRef, id: voiceId }),
    }),
    klingTaskId: t.exposeString('klingTaskId', {
      nullable: true,
      description: "Kling's id of the deletion, for its support. Null when not sent.",
    }),
    klingStatus: t.exposeString('klingStatus', {
      nullable: true,
      description: "Kling's word for how the deletion stands. Null when not sent.",
    }),
    klingRequestId: t.exposeString('klingRequestId', {
      nullable: true,
      description: "Kling's id of the request that deleted it, for its support. Null when not sent.",
    }),
  }),
});

builder.mutationField('deleteVoice', (t) =>
  t.field({
    type: DeleteVoicePayloadRef,
    nullable: true,
    description:
      "Deletes a voice of the caller's own for good. Costs nothing. Videos made with it stay. Errors: `NOT_FOUND` when there is no such voice, it is another caller's, or it was deleted before. Null with an error when it was not done.",
    args: { input: t.arg({ type: DeleteVoiceInputRef, description: 'Names one voice.' }) },
    async resolve(_root, { input }, { ledger }) {
      const voiceId = idOf('Voice', input.voiceId);
      if (voiceId === null) {
        throw new GatewayError({ code: 'NOT_FOUND', message: 'There is no such voice.', retryable: false });
      }
      return ledger.write('deleteVoice', { voiceId });
    },
  }),
);

/** A voice of the caller's own, else one of Kling's library. */
async function findVoice(voiceId: string, { ledger, upstream }: GatewayContext): Promise<Voice | null> {
  return (await ledger.voice(voiceId)) ?? findPresetVoice(upstream, voiceId);
}
