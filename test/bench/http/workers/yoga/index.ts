/** graphql-yoga and Pothos as in their documentation, with their defaults and those of wrangler. */

import SchemaBuilder from '@pothos/core';
import { createYoga } from 'graphql-yoga';
import {
  createAskKling,
  readList,
  readPacks,
  speak,
  toMs,
  toOwner,
  voicesOf,
  type AskKling,
  type KlingPack,
  type KlingTask,
  type KlingVideo,
  type KlingVoice,
} from '../../../peers/kling.ts';
import type { RelayEnv } from '../ask-kling.ts';

const builder = new SchemaBuilder<{
  Context: { readonly kling: AskKling };
  Scalars: { DateTime: { Input: never; Output: number } };
  DefaultFieldNullability: false;
}>({ defaultFieldNullability: false });

interface Page<T> {
  readonly page: number;
  readonly pageSize: number;
  readonly items: readonly T[];
}

builder.scalarType('DateTime', {
  serialize: (epochMs) => new Date(epochMs).toISOString(),
  parseValue() {
    throw new TypeError('only in answers');
  },
});
const KlingList = builder.enumType('KlingList', {
  values: {
    LIP_SYNCS: { value: 'lip-syncs' },
    CUSTOM_VOICES: { value: 'voices' },
    PRESET_VOICES: { value: 'presets' },
  } as const,
});
const VoiceOwner = builder.enumType('VoiceOwner', { values: ['KLING', 'ACCOUNT'] });
const SpeechLanguage = builder.enumType('SpeechLanguage', { values: ['EN', 'ZH'] as const });

const Video = builder.objectRef<KlingVideo>('Video').implement({
  fields: (t) => ({
    klingVideoId: t.exposeString('id', { nullable: true }),
    url: t.exposeString('url', { nullable: true }),
    durationMs: t.int({ nullable: true, resolve: ({ duration }) => toMs(duration) }),
  }),
});

const Voice = builder.objectRef<KlingVoice>('Voice').implement({
  fields: (t) => ({
    klingVoiceId: t.exposeString('voice_id'),
    name: t.exposeString('voice_name'),
    sampleUrl: t.exposeString('trial_url', { nullable: true }),
    owner: t.field({ type: VoiceOwner, resolve: (voice) => toOwner(voice) as 'KLING' }),
  }),
});

const Task = builder.objectRef<KlingTask>('KlingTask').implement({
  fields: (t) => ({
    klingTaskId: t.exposeString('task_id', { nullable: true }),
    klingExternalTaskId: t.string({ nullable: true, resolve: (task) => task.task_info?.external_task_id }),
    klingStatus: t.exposeString('task_status', { nullable: true }),
    klingStatusMessage: t.string({ nullable: true, resolve: (task) => task.task_status_msg || null }),
    klingCreatedAt: t.field({ type: 'DateTime', nullable: true, resolve: (task) => task.created_at }),
    klingUpdatedAt: t.field({ type: 'DateTime', nullable: true, resolve: (task) => task.updated_at }),
    unitsDeducted: t.exposeString('final_unit_deduction', { nullable: true }),
    parentVideo: t.field({ type: Video, nullable: true, resolve: (task) => task.task_info?.parent_video }),
    videos: t.field({ type: [Video], resolve: (task) => task.task_result?.videos ?? [] }),
    voices: t.field({ type: [Voice], resolve: voicesOf }),
  }),
});

const TaskPage = builder.objectRef<Page<KlingTask>>('KlingTaskPage').implement({
  fields: (t) => ({
    page: t.exposeInt('page'),
    pageSize: t.exposeInt('pageSize'),
    items: t.expose('items', { type: [Task] }),
  }),
});

const ResourcePack = builder.objectRef<KlingPack>('ResourcePack').implement({
  fields: (t) => ({
    klingPackId: t.exposeString('resource_pack_id'),
    name: t.exposeString('resource_pack_name'),
    klingStatus: t.exposeString('status'),
    remainingUnits: t.string({ nullable: true, resolve: (pack) => String(pack.remaining_quantity) }),
    expiresAt: t.field({ type: 'DateTime', nullable: true, resolve: (pack) => pack.invalid_time }),
  }),
});

const Operator = builder.objectRef<object>('OperatorQuery').implement({
  fields: (t) => ({
    klingTasks: t.field({
      type: TaskPage,
      nullable: true,
      args: {
        list: t.arg({ type: KlingList, required: true }),
        page: t.arg.int({ required: true, defaultValue: 1 }),
        pageSize: t.arg.int({ required: true, defaultValue: 30 }),
      },
      resolve: async (_operator, { list, page, pageSize }, { kling }) => ({
        page,
        pageSize,
        items: await readList(kling, list, page, pageSize),
      }),
    }),
    resourcePacks: t.field({
      type: [ResourcePack],
      nullable: true,
      resolve: async (_operator, _args, { kling }) => [...(await readPacks(kling))],
    }),
  }),
});

builder.queryType({
  fields: (t) => ({
    operator: t.field({ type: Operator, nullable: true, resolve: () => ({}) }),
  }),
});

const Speech = builder.objectRef<KlingTask>('Speech').implement({
  fields: (t) => ({
    klingAudioId: t.string({ resolve: (task) => task.task_result?.audios?.[0]?.id ?? '' }),
    url: t.string({ resolve: (task) => task.task_result?.audios?.[0]?.url ?? '' }),
    durationMs: t.int({ nullable: true, resolve: (task) => toMs(task.task_result?.audios?.[0]?.duration ?? '0') }),
    unitsCharged: t.exposeString('final_unit_deduction', { nullable: true }),
    createdAt: t.field({ type: 'DateTime', nullable: true, resolve: (task) => task.created_at }),
    kling: t.field({ type: Task, nullable: true, resolve: (task) => task }),
  }),
});

const SpeechInput = builder.inputType('SpeechInput', {
  fields: (t) => ({
    text: t.string({ required: true }),
    klingVoiceId: t.string({ required: true }),
    language: t.field({ type: SpeechLanguage, required: true }),
    speed: t.float({ defaultValue: 1 }),
  }),
});

interface FailureShape {
  readonly code: string;
  readonly message: string;
}

const Failure = builder.interfaceRef<FailureShape>('Failure').implement({
  fields: (t) => ({ code: t.exposeString('code'), message: t.exposeString('message') }),
});

const KlingError = builder.objectRef<FailureShape>('KlingError').implement({ interfaces: [Failure] });

const SpeechResult = builder.unionType('SpeechResult', {
  types: [Speech, KlingError],
  resolveType: (result) => ('code' in result ? 'KlingError' : 'Speech'),
});

builder.mutationType({
  fields: (t) => ({
    synthesizeSpeech: t.field({
      type: SpeechResult,
      nullable: true,
      args: { speech: t.arg({ type: SpeechInput, required: true }) },
      resolve: (_root, { speech }, { kling }) => speak(kling, { ...speech, speed: speech.speed ?? null }),
    }),
  }),
});

const yoga = createYoga<RelayEnv>({
  schema: builder.toSchema(),
  context: ({ KLING_BASE_URL, KLING_API_KEY }) => ({ kling: createAskKling(KLING_BASE_URL, KLING_API_KEY) }),
});

// oxlint-disable-next-line typescript/unbound-method -- as in its documentation, and it is a closure
export default { fetch: yoga.fetch };
