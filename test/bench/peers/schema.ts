import { GraphQLScalarType } from 'graphql';
import {
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
  type SpeechInput,
} from './kling.ts';

/** The measured part of the gateway's schema. */
export const TYPES = /* GraphQL */ `
  scalar DateTime
  enum KlingList {
    CUSTOM_VOICES
    LIP_SYNCS
    PRESET_VOICES
  }
  enum VoiceOwner {
    KLING
    ACCOUNT
  }
  enum SpeechLanguage {
    EN
    ZH
  }
  type Query {
    operator: OperatorQuery
  }
  type Mutation {
    synthesizeSpeech(speech: SpeechInput!): SpeechResult
  }
  type OperatorQuery {
    klingTasks(list: KlingList!, page: Int! = 1, pageSize: Int! = 30): KlingTaskPage
    resourcePacks: [ResourcePack!]
  }
  type KlingTaskPage {
    page: Int!
    pageSize: Int!
    items: [KlingTask!]!
  }
  type KlingTask {
    klingTaskId: String
    klingExternalTaskId: String
    klingStatus: String
    klingStatusMessage: String
    klingCreatedAt: DateTime
    klingUpdatedAt: DateTime
    unitsDeducted: String
    parentVideo: Video
    videos: [Video!]!
    voices: [Voice!]!
  }
  type Video {
    klingVideoId: String
    url: String
    durationMs: Int
  }
  type Voice {
    klingVoiceId: String!
    name: String!
    sampleUrl: String
    owner: VoiceOwner!
  }
  type ResourcePack {
    klingPackId: String!
    name: String!
    klingStatus: String!
    remainingUnits: String
    expiresAt: DateTime
  }
  input SpeechInput {
    text: String!
    klingVoiceId: String!
    language: SpeechLanguage!
    speed: Float = 1
  }
  interface Failure {
    code: String!
    message: String!
  }
  type KlingError implements Failure {
    code: String!
    message: String!
  }
  union SpeechResult = Speech | KlingError
  type Speech {
    klingAudioId: String!
    url: String!
    durationMs: Int
    unitsCharged: String
    createdAt: DateTime
    kling: KlingTask
  }
`;

/** The context of resolvers. */
export interface Context {
  readonly kling: AskKling;
}

interface PageArgs {
  readonly list: keyof typeof LISTS;
  readonly page: number;
  readonly pageSize: number;
}

const DateTime = new GraphQLScalarType({
  name: 'DateTime',
  serialize: (epochMs) => new Date(epochMs as number).toISOString(),
});

const LISTS = { CUSTOM_VOICES: 'voices', LIP_SYNCS: 'lip-syncs', PRESET_VOICES: 'presets' } as const;

async function klingTasks(_operator: object, { list, page, pageSize }: PageArgs, { kling }: Context): Promise<object> {
  return { page, pageSize, items: await readList(kling, LISTS[list], page, pageSize) };
}

/** The resolvers. Their parents are Kling's records. */
export const RESOLVERS = {
  DateTime,
  Query: {
    operator: () => ({}),
  },
  Mutation: {
    synthesizeSpeech: async (_root: unknown, { speech }: { readonly speech: SpeechInput }, { kling }: Context) => ({
      __typename: 'Speech',
      ...(await speak(kling, speech)),
    }),
  },
  OperatorQuery: {
    klingTasks,
    resourcePacks: (_operator: object, _args: object, { kling }: Context) => readPacks(kling),
  },
  KlingTask: {
    klingTaskId: (task: KlingTask) => task.task_id,
    klingExternalTaskId: (task: KlingTask) => task.task_info?.external_task_id,
    klingStatus: (task: KlingTask) => task.task_status,
    klingStatusMessage: (task: KlingTask) => task.task_status_msg || null,
    klingCreatedAt: (task: KlingTask) => task.created_at,
    klingUpdatedAt: (task: KlingTask) => task.updated_at,
    unitsDeducted: (task: KlingTask) => task.final_unit_deduction,
    parentVideo: (task: KlingTask) => task.task_info?.parent_video,
    videos: (task: KlingTask) => task.task_result?.videos ?? [],
    voices: voicesOf,
  },
  Video: {
    klingVideoId: (video: KlingVideo) => video.id,
    durationMs: (video: KlingVideo) => toMs(video.duration),
  },
  Voice: {
    klingVoiceId: (voice: KlingVoice) => voice.voice_id,
    name: (voice: KlingVoice) => voice.voice_name,
    sampleUrl: (voice: KlingVoice) => voice.trial_url,
    owner: toOwner,
  },
  ResourcePack: {
    klingPackId: (pack: KlingPack) => pack.resource_pack_id,
    name: (pack: KlingPack) => pack.resource_pack_name,
    klingStatus: (pack: KlingPack) => pack.status,
    remainingUnits: (pack: KlingPack) => String(pack.remaining_quantity),
    expiresAt: (pack: KlingPack) => pack.invalid_time,
  },
  Speech: {
    klingAudioId: (task: KlingTask) => task.task_result?.audios?.[0]?.id,
    url: (task: KlingTask) => task.task_result?.audios?.[0]?.url,
    durationMs: (task: KlingTask) => toMs(task.task_result?.audios?.[0]?.duration ?? '0'),
    unitsCharged: (task: KlingTask) => task.final_unit_deduction,
    createdAt: (task: KlingTask) => task.created_at,
    kling: (task: KlingTask) => task,
  },
};
