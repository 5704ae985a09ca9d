import { type LastReport, resultExpiresAtMs, type Speech, type TaskRecord } from '../domain/records.ts';
import type { BalanceDeduction, KlingTask } from '../domain/task.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { DeletionRef } from './deletion.ts';
import { SpeechRef } from './speech.ts';
import { TaskRef } from './task.ts';
import { toVideo, VideoRef, VIDEOS_PER_TASK } from './video.ts';
import { VoiceRef, VOICES_PER_TASK } from './voice.ts';

const BalanceDeductionRef = builder.objectRef<BalanceDeduction>('BalanceDeduction').implement({
  description: 'A charge in money, on newer accounts. A field is null if Kling did not send it.',
  fields: (t) => ({
    listPrice: t.expose('listPrice', { type: 'Decimal', nullable: true, description: 'The price before discounts.' }),
    quota: t.expose('quota', { type: 'Decimal', nullable: true, description: 'The amount deducted.' }),
  }),
});

export const KlingTaskRef = builder.objectRef<KlingTask>('KlingTask').implement({
  description: "Kling's own record of a task, for Kling's support. A field is null if Kling did not send it.",
  fields: (t) => ({
    klingTaskId: t.string({
      nullable: true,
      description: "Kling's id of the task.",
      // The answer to a read may omit it.
      resolve: ({ klingTaskId }) => klingTaskId || null,
    }),
    klingRequestId: t.exposeString('klingRequestId', {
      nullable: true,
      description: "Kling's id of the request that created or last read the task.",
    }),
    klingStatus: t.string({
      nullable: true,
      description: "Kling's own word, such as `succeed`.",
      resolve: ({ klingStatus }) => klingStatus || null,
    }),
    klingStatusMessage: t.exposeString('statusMessage', {
      nullable: true,
      description: "Kling's `task_status_msg`, such as the reason of a failure.",
    }),
    klingExternalTaskId: t.exposeString('externalTaskId', {
      nullable: true,
      description: 'The `external_task_id` at Kling. The gateway chooses it; it is not `Task.externalId`.',
    }),
    klingCreatedAt: t.expose('createdAtMs', {
      type: 'DateTime',
      nullable: true,
      description: "When Kling received the task, by Kling's clock.",
    }),
    klingUpdatedAt: t.expose('updatedAtMs', {
      type: 'DateTime',
      nullable: true,
      description: "When the task last changed, by Kling's clock.",
    }),
    unitsDeducted: t.expose('unitsDeducted', {
      type: 'Decimal',
      nullable: true,
      description: 'The charge in units. Null before the end.',
    }),
    balanceDeducted: t.expose('balanceDeducted', {
      type: BalanceDeductionRef,
      nullable: true,
      description: 'The charge in money, on newer accounts.',
    }),
    parentVideo: t.field({
      type: VideoRef,
      nullable: true,
      description: 'The video that a lip-sync was made from.',
      resolve: ({ parentVideo }) => (parentVideo ? toVideo(parentVideo) : null),
    }),
    watermarkEnabled: t.boolean({
      nullable: true,
      description: 'Whether a copy with a watermark is made as well.',
      resolve: ({ watermarkEnabled }) => watermarkEnabled ?? null,
    }),
    videos: t.field({
      type: [VideoRef],
      description: "The result, with Kling's own links.",
      extensions: withCost({ max: VIDEOS_PER_TASK }),
      resolve: ({ videos = [], updatedAtMs }) => {
        // A task with results has ended, and Kling updates it then for the last time.
        const expiresAtMs = updatedAtMs === null ? null : resultExpiresAtMs(updatedAtMs);
        return videos.map((video) => toVideo(video, expiresAtMs));
      },
    }),
    voices: t.field({
      type: [VoiceRef],
      description: "The result, with Kling's own links.",
      extensions: withCost({ max: VOICES_PER_TASK }),
      resolve: ({ voices }) => voices ?? [],
    }),
  }),
});

const NO_REPORT: LastReport = { statusMessage: null, createdAtMs: null, updatedAtMs: null };

builder.interfaceField(TaskRef, 'kling', (t) =>
  t.field({
    type: KlingTaskRef,
    nullable: true,
    description: "Kling's own record. Null until Kling has answered.",
    resolve: toKlingTask,
  }),
);

builder.objectField(DeletionRef, 'kling', (t) =>
  t.field({
    type: KlingTaskRef,
    nullable: true,
    description:
      "Kling's answer to the deletion of a voice. Null if Kling sent no more than success, and for what Kling does not have.",
    resolve: ({ answer }): KlingTask | null =>
      answer === null || (answer.klingTaskId === null && answer.klingStatus === null && answer.klingRequestId === null)
        ? null
        : { ...answer, externalTaskId: null, ...NO_REPORT, unitsDeducted: null, balanceDeducted: null },
  }),
);

builder.objectField(SpeechRef, 'kling', (t) =>
  t.field({
    type: KlingTaskRef,
    nullable: true,
    description: "Kling's own record of the request. Null if Kling sent none.",
    resolve: toKlingRequest,
  }),
);

/** Returns what Kling has reported about a speech. The rest of the record is missing in older speeches. */
function toKlingRequest({ klingTaskId, klingRequestId, unitsDeducted, ...speech }: Speech): KlingTask | null {
  if (klingTaskId === null && klingRequestId === null) return null;
  const { klingStatus = null, balanceDeducted = null, lastReport } = speech;
  return {
    klingTaskId,
    externalTaskId: null,
    klingStatus,
    ...(lastReport ?? NO_REPORT),
    unitsDeducted,
    balanceDeducted,
    klingRequestId,
  };
}

/** Returns what Kling has reported about a task; null until Kling has answered. */
function toKlingTask(task: TaskRecord): KlingTask | null {
  const { id, klingTaskId, klingStatus, klingRequestId, unitsDeducted, balanceDeducted, lastReport } = task;
  if (klingTaskId === null && klingStatus === null) return null;
  return {
    klingTaskId,
    externalTaskId: id,
    klingStatus,
    ...(lastReport ?? NO_REPORT),
    unitsDeducted,
    balanceDeducted,
    klingRequestId,
    ...(task.kind === 'VOICE'
      ? { voices: task.voices }
      : { parentVideo: task.parentVideo, watermarkEnabled: task.watermarkEnabled, videos: task.videos }),
  };
}
