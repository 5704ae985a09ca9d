import { fromMilliunits, milliunitsToUsd } from '../domain/cost.ts';
import type { CreateLipSyncTaskInput } from '../domain/inputs.ts';
import type { LipSyncQuote, StageCost, Upstream } from '../domain/ports.ts';
import { type LipSyncTask, scanIdOf, type TaskRecord } from '../domain/records.ts';
import { LIP_SYNC_STAGES, type LipSyncStage } from '../domain/task.ts';
import {
  ConflictError,
  InvalidInputError,
  QuotaExhaustedError,
  badUserInput,
  type Failure,
  type GatewayError,
  type Issue,
  type Result,
  toGatewayError,
  type UpstreamError,
} from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import {
  AudioInputRef,
  AudioRef,
  PlacementInputRef,
  PlacementRef,
  toResultVideo,
  toVideo,
  VideoRef,
  VIDEOS_PER_TASK,
} from './audio-video.ts';
import { builder, definedOnly, enumValues, idOf } from './builder.ts';
import { FaceInputRef, FaceRef, toVideoInput } from './face-scan.ts';
import { PAID_FAILURES } from './failures.ts';
import { fileOf, withMediaId } from './media.ts';
import { toSpokenInput } from './speech.ts';
import { MetadataInputRef, NOTES_MEANING, TaskRef, WEBHOOK_URL_MEANING } from './task.ts';

const STAGE_MEANING = {
  WAITING: 'Waits for an upload, or for the task that makes its video.',
  SCANNING: 'Finds the faces in the video.',
  SPEAKING: 'Turns the text into audio.',
  SYNCING: 'Moves the lips: queued at the gateway, or at Kling.',
} as const satisfies Record<LipSyncStage, string>;

const LipSyncStageRef = builder.enumType('LipSyncStage', {
  description: 'The steps of a lip-sync.',
  values: enumValues(LIP_SYNC_STAGES, STAGE_MEANING),
});

/** The cost of a step in units: expected, and as Kling reports it. */
interface ShownCost extends StageCost {
  readonly unitsCharged: string | null;
}

const StageCostRef = builder.objectRef<ShownCost>('StageCost').implement({
  description: 'The cost of one step of a lip-sync.',
  fields: (t) => ({
    stage: t.expose('stage', { type: LipSyncStageRef, description: 'The step.' }),
    unitsEstimated: t.expose('unitsEstimated', { type: 'Decimal', description: 'The expected units, rounded up.' }),
    unitsCharged: t.expose('unitsCharged', {
      type: 'Decimal',
      nullable: true,
      description: 'Units, as Kling reports them. Null while unknown, and in a quote.',
    }),
  }),
});

function costsOf({ preparation = [], unitsEstimated, unitsDeducted }: LipSyncTask): readonly ShownCost[] {
  const sync = { stage: 'SYNCING' as const, unitsEstimated: unitsEstimated ?? '0', unitsCharged: unitsDeducted };
  return [...preparation, sync];
}

/** Returns the face of a task as it was found; null in a task that version 0.1 made. */
function faceOf({ faceId, details }: LipSyncTask) {
  const face = details?.lipSync?.face;
  return faceId === undefined || face === undefined ? null : { scanId: scanIdOf(faceId), face };
}

/** Returns the source video: as it was given, else as Kling reports it. Null if neither is known. */
function sourceVideoOf({ parentVideo, details }: LipSyncTask) {
  const { video, videoDurationMs, videoTaskId } = details?.lipSync ?? {};
  if (video === undefined && videoTaskId === undefined && parentVideo === null) return null;
  return toVideo({
    taskId: videoTaskId,
    url: video?.url ?? parentVideo?.url,
    file: fileOf(video),
    durationMs: parentVideo?.durationMs ?? videoDurationMs,
    videoId: video?.videoId ?? parentVideo?.videoId,
  });
}

export const LipSyncTaskRef = builder.node(builder.objectRef<LipSyncTask>('LipSyncTask'), {
  description: 'One face of a video, made to speak audio. Costs 0.5 units for every 5 s of video.',
  interfaces: [TaskRef],
  id: { resolve: (task) => task.id },
  loadOne: async (id, { ledger }) => asLipSync(await ledger.task({ id })),
  fields: (t) => ({
    sourceVideo: t.field({
      type: VideoRef,
      nullable: true,
      description:
        'The video that the face is in. Null for a scan made elsewhere and in a task that version 0.1 made, until Kling reports the video.',
      resolve: sourceVideoOf,
    }),
    face: t.field({
      type: FaceRef,
      nullable: true,
      description:
        'The face that speaks, as the scan found it. Null for a scan made elsewhere, and in a task that version 0.1 made.',
      resolve: faceOf,
    }),
    audio: t.field({
      type: AudioRef,
      nullable: true,
      description: 'The audio that is spoken. Null in a task that version 0.1 made.',
      resolve: ({ details }) => details?.lipSync?.audio,
    }),
    placement: t.field({
      type: PlacementRef,
      nullable: true,
      description: 'Where the audio is heard. Null in a task that version 0.1 made.',
      resolve: ({ details }) => details?.lipSync?.placement,
    }),
    audioVolume: t.float({
      nullable: true,
      description: 'Volume of the audio, 0 to 2. Null in a task that version 0.1 made.',
      resolve: ({ details }) => details?.lipSync?.audioVolume,
    }),
    originalAudioVolume: t.float({
      nullable: true,
      description: "Volume of the video's own audio, 0 to 2. Null in a task that version 0.1 made.",
      resolve: ({ details }) => details?.lipSync?.originalAudioVolume,
    }),
    watermark: t.boolean({
      description: "Whether a copy with Kling's watermark is made as well.",
      // A task of version 0.1 has the input there, until Kling reports it.
      resolve: ({ details, watermarkEnabled }) => details?.lipSync?.watermark ?? watermarkEnabled ?? false,
    }),
    maxUnits: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'The most units that the task may cost. Null for no limit.',
      resolve: ({ unitsMax }) => unitsMax,
    }),
    stage: t.field({
      type: LipSyncStageRef,
      description: 'The current step, or the last one.',
      resolve: ({ stage }) => stage ?? 'SYNCING',
    }),
    costs: t.field({
      type: [StageCostRef],
      description: 'The cost of each step that this task pays for.',
      extensions: withCost({ max: LIP_SYNC_STAGES.length }),
      resolve: costsOf,
    }),
    videos: t.field({
      type: [VideoRef],
      description: 'The result. Empty until `SUCCEEDED`.',
      extensions: withCost({ max: VIDEOS_PER_TASK }),
      resolve: ({ videos, expiresAtMs, details }) =>
        videos.map((video, at) => toResultVideo(video, at, expiresAtMs, details?.archive)),
    }),
  }),
});

builder.objectField(VideoRef, 'task', (t) =>
  t.field({
    type: LipSyncTaskRef,
    nullable: true,
    description: 'The task that makes it, if it was given as one and is still kept.',
    extensions: withCost({ call: true }),
    resolve: async ({ taskId }, _args, { ledger }) =>
      taskId === null ? null : asLipSync(await ledger.task({ id: taskId })),
  }),
);

function asLipSync(task: TaskRecord | null): LipSyncTask | null {
  return task?.kind === 'LIP_SYNC' ? task : null;
}

/** The input of a lip-sync. `toLipSyncInput` decodes it. */
const CreateLipSyncTaskInputRef = builder.inputType('CreateLipSyncTaskInput', {
  description: 'Which face speaks which audio.',
  fields: (t) => ({
    face: t.field({ type: FaceInputRef, description: 'Whose lips are moved.' }),
    audio: t.field({ type: AudioInputRef, description: 'The audio that is spoken.' }),
    placement: t.field({
      type: PlacementInputRef,
      required: false,
      description: 'Where the audio is heard. Null plays all of it from where the face begins, trimmed to fit.',
    }),
    audioVolume: t.float({ defaultValue: 1, description: 'Volume of the audio, 0 to 2.' }),
    originalAudioVolume: t.float({ defaultValue: 1, description: "Volume of the video's own audio, 0 to 2." }),
    watermark: t.boolean({
      defaultValue: false,
      description: "Whether a copy with Kling's watermark is made as well.",
    }),
    audioDurationMs: t.int({
      required: false,
      description: 'Length of the audio, for checks. Null if unknown. Not needed if the gateway has the audio.',
    }),
    videoDurationMs: t.int({
      required: false,
      description: 'Length of the video, for checks and the estimate. Null if unknown, and counted as 60 s.',
    }),
    maxUnits: t.field({
      type: 'Decimal',
      required: false,
      description: 'Stops before a step that would bring the total cost over this many units. Null means no limit.',
    }),
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

const LipSyncTaskResultRef = builder.errorUnion('LipSyncTaskResult', {
  description: 'The new task, or why none was made.',
  types: [LipSyncTaskRef, ...PAID_FAILURES],
  resolveType: () => 'LipSyncTask',
});

builder.mutationField('createLipSyncTask', (t) =>
  t.field({
    type: LipSyncTaskResultRef,
    nullable: true,
    description:
      'Makes a face speak. Costs 0.5 units for every 5 s of video, plus 0.05 for a scan and 0.05 for a speech if one is made. The task is `PREPARING` while it makes them, and `QUEUED` while Kling has no free slot.',
    args: {
      input: t.arg({ type: CreateLipSyncTaskInputRef, description: 'Checked completely before anything is paid.' }),
    },
    resolve: async (_root, { input }, { ledger, upstream }) =>
      ledger.write('createLipSyncTask', await toLipSyncInput(input, upstream)),
  }),
);

/** Decodes the ids of an input. An id of another type becomes an empty text, which the ledger refuses. */
async function toLipSyncInput(
  input: typeof CreateLipSyncTaskInputRef.$inferInput,
  upstream: Upstream,
): Promise<CreateLipSyncTaskInput> {
  const { speechId, speech, ...audio } = input.audio;
  const { faceId, inVideo, ...face } = input.face;
  return {
    ...definedOnly(input),
    face: {
      ...definedOnly(face),
      ...(isGiven(faceId) ? { faceId: idOf('Face', faceId) ?? '' } : {}),
      ...(isGiven(inVideo) ? { inVideo: { ...definedOnly(inVideo), video: toVideoInput(inVideo.video) } } : {}),
    },
    audio: {
      ...withMediaId(audio),
      ...(isGiven(speechId) ? { speechId: idOf('Speech', speechId) ?? '' } : {}),
      ...(isGiven(speech) ? { speech: await toSpokenInput(speech, upstream) } : {}),
    },
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

const LipSyncQuoteRef = builder.objectRef<LipSyncQuote>('LipSyncQuote').implement({
  description: 'An estimate of a lip-sync. Kling does not document how it rounds.',
  fields: (t) => ({
    units: t.field({
      type: 'Decimal',
      description: 'Total in units, rounded up. 0 if the external id returns a task that exists.',
      resolve: ({ milliunits }) => fromMilliunits(milliunits),
    }),
    usd: t.field({
      type: 'Decimal',
      description: 'Total in US dollars, at 0.14 a unit. Resource packs may be cheaper.',
      resolve: ({ milliunits }) => milliunitsToUsd(milliunits),
    }),
    costs: t.field({
      type: [StageCostRef],
      description: 'The cost of each step. Empty if the external id returns a task that exists.',
      extensions: withCost({ max: LIP_SYNC_STAGES.length }),
      resolve: ({ costs }) => costs.map((cost) => ({ ...cost, unitsCharged: null })),
    }),
    placement: t.expose('placement', {
      type: PlacementRef,
      nullable: true,
      description:
        'The placement that would be used. Null if it depends on a scan, an upload or a speech that is not made yet.',
    }),
  }),
});

const LipSyncQuoteResultRef = builder.errorUnion('LipSyncQuoteResult', {
  description: 'The estimate, or why no task would be made.',
  types: [LipSyncQuoteRef, InvalidInputError, ConflictError, QuotaExhaustedError],
  resolveType: () => 'LipSyncQuote',
});

builder.queryField('lipSyncQuote', (t) =>
  t.field({
    type: LipSyncQuoteResultRef,
    nullable: true,
    description:
      'Checks a lip-sync and estimates its cost, without doing anything. Takes the input of `createLipSyncTask` and fails as that would, so it is also the dry run. Does not ask Kling, which may still refuse the task. Null beside a top-level error.',
    args: { input: t.arg({ type: CreateLipSyncTaskInputRef, description: 'The input of `createLipSyncTask`.' }) },
    resolve: async (_root, { input }, { ledger, upstream }) =>
      ledger.lipSyncQuote(await toLipSyncInput(input, upstream)),
  }),
);

/** The most lip-syncs that one call creates. */
const LIP_SYNCS_MAX = 50;

builder.mutationField('createLipSyncTasks', (t) =>
  t.field({
    type: [LipSyncTaskResultRef],
    nullable: { list: true, items: true },
    description:
      'Creates 1 to 50 lip-sync tasks, and answers in the order of the inputs. An input that is refused does not stop the others. A video that several inputs name is scanned once. Each input counts as one mutation of the rate limit. An item is null beside a top-level error with its path, such as `RATE_LIMITED`. Costs 0.5 units for every 5 s of each video, plus 0.05 for each scan and speech that is made.',
    args: {
      inputs: t.arg({
        type: [CreateLipSyncTaskInputRef],
        description:
          'At most 50, at least one. Each is checked completely before anything is paid for it. A repeated `externalId` answers with the same task.',
      }),
    },
    extensions: withCost({ list: 'inputs', max: LIP_SYNCS_MAX }),
    async resolve(_root, { inputs }, { ledger, upstream }) {
      if (inputs.length < 1 || inputs.length > LIP_SYNCS_MAX) {
        const message = `must have 1 to ${LIP_SYNCS_MAX} inputs, had ${inputs.length}`;
        throw badUserInput([{ path: ['inputs'], code: 'OUT_OF_RANGE', message }]);
      }
      const decoded = await Promise.all(inputs.map((input) => toLipSyncInput(input, upstream)));
      const outcomes = await ledger.write('createLipSyncTasks', { inputs: decoded });
      return outcomes.map(toItem);
    },
  }),
);

/** Returns the task, or the error that becomes the item of the answer. One that is no data becomes a top-level error. */
function toItem<T>(outcome: Result<T>, at: number): T | ItemError {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema has no type for an item that is a top-level error
  return outcome.ok ? outcome.value : (errorOf(outcome.failure, at) as ItemError);
}

type ItemError = InvalidInputError | ConflictError | QuotaExhaustedError | UpstreamError;

/** The ledger names each input `input`. Here, it is an item of `inputs`. */
function errorOf(failure: Failure, at: number): GatewayError {
  const [first, ...others] = failure.issues ?? [];
  if (first === undefined) return toGatewayError(failure);
  const toPath = (issue: Issue): Issue => ({ ...issue, path: ['inputs', at, ...issue.path.slice(1)] });
  return badUserInput([toPath(first), ...others.map(toPath)]);
}
