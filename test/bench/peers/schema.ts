import { GraphQLScalarType } from 'graphql';
import {
  lipSyncUnits,
  readList,
  readPacks,
  speak,
  toMs,
  toOwner,
  toStatus,
  voicesOf,
  type AskKling,
  type KlingPack,
  type KlingTask,
  type KlingVideo,
  type KlingVoice,
  type SpeechInput,
} from './kling.ts';

/** The measured part of the gateway's schema. */
export const TYPES = /* GraphQL */ `
  scalar DateTime
  enum TaskStatus {
    SUBMITTED
    PROCESSING
    SUCCEEDED
    FAILED
  }
  enum VoiceOwner {
    KLING
    ACCOUNT
  }
  enum PackStatus {
    ACTIVE
  }
  enum SpeechLanguage {
    EN
    ZH
  }
  type Query {
    account: Account
    lipSyncQuote(videoDurationMs: Int!): Quote!
  }
  type Mutation {
    synthesizeSpeech(input: SynthesizeSpeechInput!): SynthesizeSpeechPayload
  }
  type Quote {
    units: String!
  }
  type Account {
    lipSyncTasks(page: Int = 1, pageSize: Int = 30): LipSyncPage
    voiceTasks(page: Int = 1, pageSize: Int = 30): VoiceTaskPage
    presetVoices(page: Int = 1, pageSize: Int = 30): PresetVoicePage
    resourcePacks: [ResourcePack!]
  }
  type LipSyncPage {
    page: Int!
    pageSize: Int!
    items: [LipSyncTask!]!
  }
  type VoiceTaskPage {
    page: Int!
    pageSize: Int!
    items: [VoiceTask!]!
  }
  type PresetVoicePage {
    page: Int!
    pageSize: Int!
    items: [Voice!]!
  }
  type LipSyncTask {
    klingTaskId: String!
    externalTaskId: String
    status: TaskStatus!
    klingStatus: String!
    statusMessage: String
    createdAt: DateTime
    updatedAt: DateTime
    unitsDeducted: String
    parentVideo: Video
    videos: [Video!]!
  }
  type VoiceTask {
    klingTaskId: String!
    status: TaskStatus!
    createdAt: DateTime
    voices: [Voice!]!
  }
  type Video {
    videoId: String
    url: String
    durationMs: Int
  }
  type Voice {
    voiceId: String!
    name: String!
    trialUrl: String
    owner: VoiceOwner!
  }
  type ResourcePack {
    packId: String!
    name: String!
    status: PackStatus!
    remainingUnits: String
    expiresAt: DateTime
  }
  input SynthesizeSpeechInput {
    text: String!
    voiceId: String!
    language: SpeechLanguage!
    speed: Float = 1
  }
  type SynthesizeSpeechPayload {
    speech: Speech!
  }
  type Speech {
    klingAudioId: String!
    url: String!
    durationMs: Int
    unitsCharged: String
    createdAt: DateTime
    klingTaskId: String
  }
`;

/** The context of resolvers. */
export interface Context {
  readonly kling: AskKling;
}

interface PageArgs {
  readonly page: number;
  readonly pageSize: number;
}

const DateTime = new GraphQLScalarType({
  name: 'DateTime',
  serialize: (epochMs) => new Date(epochMs as number).toISOString(),
});

async function lipSyncTasks(_account: object, { page, pageSize }: PageArgs, { kling }: Context): Promise<object> {
  return { page, pageSize, items: await readList(kling, 'lip-syncs', page, pageSize) };
}

async function voiceTasks(_account: object, { page, pageSize }: PageArgs, { kling }: Context): Promise<object> {
  return { page, pageSize, items: await readList(kling, 'voices', page, pageSize) };
}

async function presetVoices(_account: object, { page, pageSize }: PageArgs, { kling }: Context): Promise<object> {
  return { page, pageSize, items: (await readList(kling, 'presets', page, pageSize)).flatMap(voicesOf) };
}

const TASK = {
  klingTaskId: (task: KlingTask) => task.task_id,
  status: (task: KlingTask) => toStatus(task.task_status),
  createdAt: (task: KlingTask) => task.created_at,
};

/** The resolvers. Their parents are Kling's records. */
export const RESOLVERS = {
  DateTime,
  Query: {
    account: () => ({}),
    lipSyncQuote: (_root: unknown, { videoDurationMs }: { readonly videoDurationMs: number }) => ({
      units: lipSyncUnits(videoDurationMs),
    }),
  },
  Mutation: {
    synthesizeSpeech: async (_root: unknown, { input }: { readonly input: SpeechInput }, { kling }: Context) => ({
      speech: await speak(kling, input),
    }),
  },
  Account: {
    lipSyncTasks,
    voiceTasks,
    presetVoices,
    resourcePacks: (_account: object, _args: object, { kling }: Context) => readPacks(kling),
  },
  LipSyncTask: {
    ...TASK,
    externalTaskId: (task: KlingTask) => task.task_info?.external_task_id,
    klingStatus: (task: KlingTask) => task.task_status,
    statusMessage: (task: KlingTask) => task.task_status_msg || null,
    updatedAt: (task: KlingTask) => task.updated_at,
    unitsDeducted: (task: KlingTask) => task.final_unit_deduction,
    parentVideo: (task: KlingTask) => task.task_info?.parent_video,
    videos: (task: KlingTask) => task.task_result?.videos ?? [],
  },
  VoiceTask: { ...TASK, voices: voicesOf },
  Video: {
    videoId: (video: KlingVideo) => video.id,
    durationMs: (video: KlingVideo) => toMs(video.duration),
  },
  Voice: {
    voiceId: (voice: KlingVoice) => voice.voice_id,
    name: (voice: KlingVoice) => voice.voice_name,
    trialUrl: (voice: KlingVoice) => voice.trial_url,
    owner: toOwner,
  },
  ResourcePack: {
    packId: (pack: KlingPack) => pack.resource_pack_id,
    name: (pack: KlingPack) => pack.resource_pack_name,
    status: (pack: KlingPack) => toStatus(pack.status),
    remainingUnits: (pack: KlingPack) => String(pack.remaining_quantity),
    expiresAt: (pack: KlingPack) => pack.invalid_time,
  },
  Speech: {
    klingAudioId: (task: KlingTask) => task.task_result?.audios?.[0]?.id,
    url: (task: KlingTask) => task.task_result?.audios?.[0]?.url,
    durationMs: (task: KlingTask) => toMs(task.task_result?.audios?.[0]?.duration ?? '0'),
    unitsCharged: (task: KlingTask) => task.final_unit_deduction,
    createdAt: (task: KlingTask) => task.created_at,
    klingTaskId: (task: KlingTask) => task.task_id,
  },
};
