import type { GeneratedVideo, ParentVideo } from '../domain/lip-sync.ts';
import type { Slice } from '../domain/ports.ts';
import type { LipSyncTask, TaskRecord } from '../domain/records.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { toConnection, toWindow, WINDOW_COST } from './connection.ts';
import { TaskRef } from './task.ts';
import { taskListArgs, TaskReferenceInputRef, toTaskReference } from './tasks.ts';

export const ParentVideoRef = builder.objectRef<ParentVideo>('ParentVideo').implement({
  description: 'The video that was lip-synced, as Kling keeps it.',
  fields: (t) => ({
    videoId: t.exposeString('videoId', {
      nullable: true,
      description: "Kling's id of it. Null when Kling does not tell.",
    }),
    url: t.exposeString('url', {
      nullable: true,
      description: 'Where it can be fetched for a while. Null when Kling does not tell.',
    }),
    durationMs: t.exposeInt('durationMs', {
      nullable: true,
      description: 'Its length in milliseconds. Null when Kling does not tell.',
    }),
  }),
});

export const GeneratedVideoRef = builder.objectRef<GeneratedVideo>('GeneratedVideo').implement({
  description: 'A video that a lip-sync made. Kling deletes it 30 days later.',
  fields: (t) => ({
    videoId: t.exposeString('videoId', {
      description: "Kling's id of it: `createVoice` and `identifyFaces` take it as their `videoId`.",
    }),
    url: t.exposeString('url', {
      nullable: true,
      description: 'Where to download it, without a watermark. Null when Kling sends none.',
    }),
    watermarkUrl: t.exposeString('watermarkUrl', {
      nullable: true,
      description:
        "The same with Kling's watermark, protected against hotlinking. Null unless the task was made with `watermark: true`.",
    }),
    durationMs: t.exposeInt('durationMs', {
      nullable: true,
      description: 'Its length in milliseconds; null when not sent.',
    }),
  }),
});

/** Kling makes one video of a lip-sync (lip-sync pages, 2026-09). */
export const VIDEOS_PER_TASK = 1;

/** A lip-sync of the caller's. */
export const LipSyncTaskRef = builder.node(builder.objectRef<LipSyncTask>('LipSyncTask'), {
  description:
    "One face of a video, made to speak a sound. Costs 0.5 units for every 5 s of video (Kling's price list, 2026-09).",
  interfaces: [TaskRef],
  id: { resolve: (task) => task.id },
  loadOne: async (id, { ledger }) => onlyLipSync(await ledger.task({ id })),
  fields: (t) => ({
    parentVideo: t.expose('parentVideo', {
      type: ParentVideoRef,
      nullable: true,
      description: 'What was lip-synced. Null until Kling tells.',
    }),
    videos: t.expose('videos', {
      type: [GeneratedVideoRef],
      description: 'What was made. Empty until `SUCCEEDED`.',
      extensions: withCost({ max: VIDEOS_PER_TASK }),
    }),
    watermarkEnabled: t.exposeBoolean('watermarkEnabled', {
      nullable: true,
      description: 'Whether a watermarked copy is made as well. Null when Kling does not tell.',
    }),
  }),
});

const LipSyncTaskConnectionRef = builder.connectionObject(
  { type: LipSyncTaskRef, name: 'LipSyncTaskConnection', description: "A window of the caller's lip-sync tasks." },
  { description: 'A lip-sync task, and where it stands in the list.' },
);

builder.queryFields((t) => ({
  lipSyncTask: t.field({
    type: LipSyncTaskRef,
    nullable: true,
    description: "One lip-sync task of the caller's. Null when there is none, or when it is another caller's.",
    args: { by: t.arg({ type: TaskReferenceInputRef, description: 'Which one.' }) },
    async resolve(_root, { by }, { ledger }) {
      const reference = toTaskReference('LIP_SYNC', by);
      return reference === null ? null : onlyLipSync(await ledger.task(reference));
    },
  }),
  lipSyncTasks: t.field({
    type: LipSyncTaskConnectionRef,
    description: "The caller's lip-sync tasks, newest first.",
    args: taskListArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      const slice = await ledger.tasks({ kind: 'LIP_SYNC', statuses: args.status ?? [] }, window);
      return toConnection(lipSyncOnly(slice), window);
    },
  }),
}));

function onlyLipSync(task: TaskRecord | null): LipSyncTask | null {
  return task?.kind === 'LIP_SYNC' ? task : null;
}

function lipSyncOnly({ edges, hasNextPage }: Slice<TaskRecord>): Slice<LipSyncTask> {
  return {
    edges: edges.flatMap(({ cursor, node }) => (node.kind === 'LIP_SYNC' ? [{ cursor, node }] : [])),
    hasNextPage,
  };
}
