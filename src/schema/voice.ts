import { type GatewayContext, type Upstream, isPermitted } from '../domain/ports.ts';
import type { StoredFile } from '../domain/media.ts';
import type { TaskRecord, VoiceTask } from '../domain/records.ts';
import type { Voice } from '../domain/task.ts';
import { badUserInput } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import type { Slice, Window } from '../domain/list.ts';
import { AudioRef } from './audio-video.ts';
import { builder, definedOnly, idOf, toConnection, toWindow, WINDOW_COST, windowArgs } from './builder.ts';
import { DeletionResultRef, PAID_FAILURES } from './failures.ts';
import { fileUrlOf, withMediaId } from './media.ts';
import { MetadataInputRef, NOTES_MEANING, TaskRef, WEBHOOK_URL_MEANING } from './task.ts';

const OWNER_MEANING = {
  KLING: { value: 'KLING', description: "From Kling's own library. Cannot be deleted." },
  ACCOUNT: { value: 'ACCOUNT', description: 'Cloned by a voice task. Can be deleted.' },
} as const satisfies { readonly [Owner in Voice['owner']]: { readonly value: Owner; readonly description: string } };

const VoiceOwnerRef = builder.enumType('VoiceOwner', {
  description: 'Who made a voice.',
  values: OWNER_MEANING,
});

/** Kling makes one voice for each voice task (custom voice pages, 2026-09). */
export const VOICES_PER_TASK = 1;

export const VoiceRef = builder.node(builder.objectRef<Voice>('Voice'), {
  description: "A voice for Kling's video models. Kling's text-to-speech cannot use it: see `SpeechVoice`.",
  id: { resolve: (voice) => voice.voiceId },
  loadOne: findVoice,
  fields: (t) => ({
    klingVoiceId: t.exposeString('voiceId', {
      description: "Kling's id of the voice, for calling Kling's video models. Globally unique.",
    }),
    name: t.exposeString('name', { description: 'The name that was given when the voice was made. Not unique.' }),
    sampleUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        "A recording to listen to: the gateway's copy if there is one. Kling deletes that of a cloned voice after 30 days. Null if Kling sent none.",
      resolve: ({ archived, trialUrl }, _args, context) => fileUrlOf(archived, context) ?? trialUrl,
    }),
    owner: t.expose('owner', {
      type: VoiceOwnerRef,
      description: 'Who made the voice. Only voices of `ACCOUNT` can be deleted.',
    }),
    klingOwnerId: t.exposeString('ownerId', {
      nullable: true,
      description: "Kling's `owned_by`: `kling`, or an id of the account. Null if Kling did not send it.",
    }),
  }),
});

const VoiceConnectionRef = builder.connectionObject(
  { type: VoiceRef, name: 'VoiceConnection', description: 'A page of voices.' },
  { description: 'A voice and its position in the list.' },
);

builder.queryFields((t) => ({
  voices: t.field({
    type: VoiceConnectionRef,
    description: 'Lists the voices that the caller has cloned and not deleted, newest first.',
    args: windowArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      return toConnection(await ledger.voices(window), window);
    },
  }),
  presetVoices: t.field({
    type: VoiceConnectionRef,
    nullable: true,
    description:
      "Lists Kling's own voices in Kling's order. The list may be some minutes old, and up to a day while Kling is down. Null with an `UPSTREAM_UNAVAILABLE` error if Kling does not answer and no list is kept.",
    args: windowArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { upstream }) {
      const window = toWindow(args);
      return toConnection(await listPresetVoices(upstream, window), window);
    },
  }),
}));

builder.mutationField('deleteVoice', (t) =>
  t.field({
    type: DeletionResultRef,
    nullable: true,
    description:
      'Deletes a cloned voice for good. Costs nothing. Videos made with it stay. The scope `operator` allows every cloned voice of the account.',
    args: { voiceId: t.arg.globalID({ description: 'The `id` of a `Voice` whose owner is `ACCOUNT`.' }) },
    async resolve(_root, { voiceId }, { ledger, viewer }) {
      const named = { voiceId: idOf('Voice', voiceId), anyOwner: isPermitted(viewer, 'operator') };
      const { voiceId: id, ...answer } = await ledger.write('deleteVoice', named);
      return { type: 'Voice' as const, id, answer };
    },
  }),
);

/** Finds a voice of the caller, or else of Kling's library. */
async function findVoice(
  voiceId: string,
  { ledger, upstream }: Pick<GatewayContext, 'ledger' | 'upstream'>,
): Promise<Voice | null> {
  return (await ledger.voice(voiceId)) ?? findPresetVoice(upstream, voiceId);
}

export const VoiceTaskRef = builder.node(builder.objectRef<VoiceTask>('VoiceTask'), {
  description: 'A voice, cloned from a recording. Costs 0.05 units.',
  interfaces: [TaskRef],
  id: { resolve: (task) => task.id },
  loadOne: async (id, { ledger }) => asVoiceTask(await ledger.task({ id })),
  fields: (t) => ({
    name: t.string({
      nullable: true,
      description: 'The name of the voice, trimmed. Null in a task that version 0.1 made.',
      resolve: ({ details }) => details?.voice?.name,
    }),
    sample: t.field({
      type: AudioRef,
      nullable: true,
      description: 'The recording. Null in a task that version 0.1 made.',
      resolve: ({ details }) => details?.voice?.sample,
    }),
    voices: t.field({
      type: [VoiceRef],
      description: 'The result, including voices that were deleted since. Empty until `SUCCEEDED`.',
      extensions: withCost({ max: VOICES_PER_TASK }),
      resolve: ({ voices, details }) => {
        const files = details?.archive?.files;
        return files === undefined ? voices : voices.map((voice, at) => withSample(voice, files[`sample:${at}`]));
      },
    }),
  }),
});

const VoiceSampleInputRef = builder.inputType('VoiceSampleInput', {
  description: 'A recording of one person, clean and without noise, 5 to 30 s: MP3, WAV, MP4 or MOV.',
  isOneOf: true,
  fields: (t) => ({
    mediaId: t.globalID({
      required: false,
      description:
        'The `id` of a `Media` that is `READY`. Kling gets a URL of the file that ends after a day, or when the file is deleted.',
    }),
    url: t.string({
      required: false,
      description: 'A public `https` URL. Kling fetches it, not the gateway.',
    }),
    klingVideoId: t.string({
      required: false,
      description:
        'A video with audio that Kling made by lip-sync, by avatar, or with model V2.6. One that another tenant made here does not exist.',
    }),
  }),
});

const CreateVoiceTaskInputRef = builder.inputType('CreateVoiceTaskInput', {
  description: 'The voice to clone, and its name.',
  fields: (t) => ({
    name: t.string({ description: '1 to 20 characters, trimmed. Need not be unique.' }),
    sample: t.field({ type: VoiceSampleInputRef, description: 'The recording of the voice.' }),
    externalId: t.string({
      required: false,
      description:
        "The caller's own id, 1 to 64 of `A-Z a-z 0-9 . _ : -`. Repeating a call with it returns the same task and costs nothing, as long as the task is kept. Another input is a `ConflictError`. Null makes a new task each time.",
    }),
    label: t.string({ required: false, description: NOTES_MEANING.label }),
    metadata: t.field({ type: [MetadataInputRef], defaultValue: [], description: NOTES_MEANING.metadata }),
    webhookUrl: t.string({ required: false, description: WEBHOOK_URL_MEANING }),
  }),
});

const VoiceTaskResultRef = builder.errorUnion('VoiceTaskResult', {
  description: 'The new task, or why none was made.',
  types: [VoiceTaskRef, ...PAID_FAILURES],
  resolveType: () => 'VoiceTask',
});

builder.mutationField('createVoiceTask', (t) =>
  t.field({
    type: VoiceTaskResultRef,
    nullable: true,
    description: 'Clones a voice. Costs 0.05 units.',
    args: {
      input: t.arg({ type: CreateVoiceTaskInputRef, description: 'Checked completely before anything is paid.' }),
    },
    resolve: (_root, { input: { sample, ...input } }, { ledger }) =>
      ledger.write('createVoiceTask', { ...definedOnly(input), sample: withMediaId(sample) }),
  }),
);

function withSample(voice: Voice, file: StoredFile | undefined): Voice {
  return file === undefined ? voice : { ...voice, archived: file };
}

function asVoiceTask(task: TaskRecord | null): VoiceTask | null {
  return task?.kind === 'VOICE' ? task : null;
}

/** Reads a window of Kling's library. Throws `BAD_USER_INPUT` for a cursor of another list, and the errors of `upstream`. */
async function listPresetVoices(upstream: Upstream, { first, after }: Window): Promise<Slice<Voice>> {
  const place = after === null ? null : parseCursor(after);
  const voices = await upstream.presetVoices();
  const start = place === null ? 0 : startAfter(place, voices);
  return {
    edges: voices.slice(start, start + first).map((node, at) => ({ cursor: toCursor(start + at, node), node })),
    hasNextPage: voices.length > start + first,
  };
}

/** Finds a voice of Kling's library by its id. Returns null if there is no such voice. */
async function findPresetVoice(upstream: Upstream, voiceId: string): Promise<Voice | null> {
  const voices = await upstream.presetVoices();
  return voices.find((voice) => voice.voiceId === voiceId) ?? null;
}

/** A voice and its index in the library, from 0, when the cursor was made. */
interface Place {
  readonly index: number;
  readonly voiceId: string;
}

/** Returns the index after the voice. If the voice is gone, returns the index that it had. */
function startAfter({ index, voiceId }: Place, voices: readonly Voice[]): number {
  const now = voices.findIndex((voice) => voice.voiceId === voiceId);
  return now === -1 ? index : now + 1;
}

const CURSOR_CHARS_MAX = 1_000;

function toCursor(index: number, { voiceId }: Voice): string {
  return `library:${index}:${voiceId}`;
}

function parseCursor(cursor: string): Place {
  const match = cursor.length > CURSOR_CHARS_MAX ? null : /^library:(0|[1-9]\d{0,5}):([^]+)$/.exec(cursor);
  if (match === null)
    throw badUserInput([{ path: ['after'], code: 'MALFORMED', message: 'is not a cursor of this list' }]);
  return { index: Number(match[1]), voiceId: match[2] ?? '' };
}
