import type { Slice } from '../domain/ports.ts';
import type { TaskRecord, VoiceTask } from '../domain/records.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { toConnection, toWindow, WINDOW_COST } from './connection.ts';
import { definedOnly } from './defined-only.ts';
import { TaskRef } from './task.ts';
import { taskListArgs, TaskReferenceInputRef, toTaskReference } from './tasks.ts';
import { VoiceRef, VOICES_PER_TASK } from './voice.ts';

/** A voice being made for the caller. */
export const VoiceTaskRef = builder.node(builder.objectRef<VoiceTask>('VoiceTask'), {
  description: "A voice being cloned from a recording. Costs 0.05 units (Kling's price list, 2026-09).",
  interfaces: [TaskRef],
  id: { resolve: (task) => task.id },
  loadOne: async (id, { ledger }) => onlyVoice(await ledger.task({ id })),
  fields: (t) => ({
    voices: t.expose('voices', {
      type: [VoiceRef],
      description: 'What was made, as it was then: a voice deleted since is still shown here. Empty until `SUCCEEDED`.',
      extensions: withCost({ max: VOICES_PER_TASK }),
    }),
  }),
});

const VoiceTaskConnectionRef = builder.connectionObject(
  { type: VoiceTaskRef, name: 'VoiceTaskConnection', description: "A window of the caller's voice tasks." },
  { description: 'A voice task, and where it stands in the list.' },
);

builder.queryFields((t) => ({
  voiceTask: t.field({
    type: VoiceTaskRef,
    nullable: true,
    description: "One voice task of the caller's. Null when there is none, or when it is another caller's.",
    args: { by: t.arg({ type: TaskReferenceInputRef, description: 'Which one.' }) },
    async resolve(_root, { by }, { ledger }) {
      const reference = toTaskReference('VOICE', by);
      return reference === null ? null : onlyVoice(await ledger.task(reference));
    },
  }),
  voiceTasks: t.field({
    type: VoiceTaskConnectionRef,
    description: "The caller's voice tasks, newest first.",
    args: taskListArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      const slice = await ledger.tasks({ kind: 'VOICE', statuses: args.status ?? [] }, window);
      return toConnection(voiceOnly(slice), window);
    },
  }),
}));

const VoiceSourceInputRef = builder.inputType('VoiceSourceInput', {
  description: 'The recording to clone: one person, clean and without noise, 5 to 30 s. Exactly one of the two.',
  isOneOf: true,
  fields: (t) => ({
    url: t.string({
      required: false,
      description: 'An MP3, WAV, MP4 or MOV file where Kling can fetch it: public, `https` only.',
    }),
    videoId: t.string({
      required: false,
      description:
        'A video with sound that Kling made: by lip-sync (`GeneratedVideo.videoId`), avatar, or model V2.6 with sound on. One that another caller made here is not there.',
    }),
  }),
});

const CreateVoiceInputRef = builder.inputType('CreateVoiceInput', {
  description: 'Whose voice to clone, and what to call it.',
  fields: (t) => ({
    name: t.string({ description: '1 to 20 characters, trimmed. Need not be unique.' }),
    source: t.field({ type: VoiceSourceInputRef, description: 'Where the voice is heard.' }),
    externalId: t.string({
      required: false,
      description:
        "The caller's own id of the task, 1 to 64 of `A-Z a-z 0-9 . _ : -`. The same one with the same input answers with the same task and costs nothing, for as long as the task is kept; with another input it is `CONFLICT`. Null: every call makes a task.",
    }),
  }),
});

const CreateVoicePayloadRef = builder.objectRef<{ readonly task: VoiceTask }>('CreateVoicePayload').implement({
  description: 'What `createVoice` did.',
  fields: (t) => ({
    task: t.expose('task', {
      type: VoiceTaskRef,
      description: 'As it stands right after, seldom final: the voice is in `task.voices` once it is `SUCCEEDED`.',
    }),
  }),
});

builder.mutationField('createVoice', (t) =>
  t.field({
    type: CreateVoicePayloadRef,
    nullable: true,
    description:
      "Clones a voice. Costs 0.05 units (Kling's price list, 2026-09); the task is made at most once, whatever happens on the way, and with an `externalId` also when the call is repeated. Errors: `BAD_USER_INPUT` with all issues at once and before anything is paid, `CONFLICT`, `CONTENT_REJECTED`, `QUOTA_EXHAUSTED`. Null with an error when it was not done.",
    args: { input: t.arg({ type: CreateVoiceInputRef, description: 'Checked as a whole before Kling is asked.' }) },
    resolve: async (_root, { input }, { ledger }) => ({ task: await ledger.write('createVoice', definedOnly(input)) }),
  }),
);

function onlyVoice(task: TaskRecord | null): VoiceTask | null {
  return task?.kind === 'VOICE' ? task : null;
}

function voiceOnly({ edges, hasNextPage }: Slice<TaskRecord>): Slice<VoiceTask> {
  return {
    edges: edges.flatMap(({ cursor, node }) => (node.kind === 'VOICE' ? [{ cursor, node }] : [])),
    hasNextPage,
  };
}
