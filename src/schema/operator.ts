import type { ResourcePack } from '../domain/cost.ts';
import { type PageRequest, type UpstreamPage, requireScope } from '../domain/ports.ts';
import { type LastReport, resultExpiresAtMs, type Speech, type TaskRecord } from '../domain/records.ts';
import { type BalanceDeduction, KLING_LISTS, type KlingList, type KlingTask } from '../domain/task.ts';
import { badUserInput, type Issue } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder, enumValues } from './builder.ts';
import { DeletionRef } from './failures.ts';
import { SpeechRef } from './speech.ts';
import { TaskRef } from './task.ts';
import { toVideo, VideoRef, VIDEOS_PER_TASK } from './audio-video.ts';
import { VoiceRef, VOICES_PER_TASK } from './voice.ts';

/** Kling's limits for `pageNum` and `pageSize` (custom voice and lip-sync pages, 2026-09). */
const PAGE_MAX = 1000;
const PAGE_SIZE_MAX = { CUSTOM_VOICES: 1000, LIP_SYNCS: 500, PRESET_VOICES: 1000 } as const satisfies Record<
  KlingList,
  number
>;
const PAGE_SIZE_DEFAULT = 30;

/** Longer than any id of Kling. A longer path would be refused as if the gateway's settings were wrong. */
const ID_CHARS_MAX = 200;

const DAY_MS = 24 * 3_600_000;
const DAYS_DEFAULT = 365;
const DAYS_MAX = 3650;
/** An assumption for the cost of lists. Kling states no bound, and an account buys a few packs a month. */
const PACKS_PER_ACCOUNT = 100;

const LIST_MEANING = {
  CUSTOM_VOICES: 'The tasks that clone a voice.',
  LIP_SYNCS: 'The tasks that make a face speak.',
  PRESET_VOICES: 'Each preset voice is listed as a task. They cannot be read one by one.',
} as const satisfies Record<KlingList, string>;

const KlingListRef = builder.enumType('KlingList', {
  description: "Kling's lists of tasks.",
  values: enumValues(KLING_LISTS, LIST_MEANING),
});

const KlingTaskPageRef = builder.objectRef<PageRequest & UpstreamPage<KlingTask>>('KlingTaskPage').implement({
  description: "A page of one of Kling's lists.",
  fields: (t) => ({
    items: t.expose('items', {
      type: [KlingTaskRef],
      description: "In Kling's order. Fewer than `pageSize` means the last page.",
    }),
    page: t.exposeInt('page', { description: 'The requested page, from 1.' }),
    pageSize: t.exposeInt('pageSize', { description: 'The requested size.' }),
    klingRequestId: t.exposeString('klingRequestId', {
      nullable: true,
      description: "For Kling's support. Null if Kling did not send it.",
    }),
  }),
});

const ResourcePackRef = builder.objectRef<ResourcePack>('ResourcePack').implement({
  description: 'Units bought in advance. A field is null if Kling did not send it.',
  fields: (t) => ({
    name: t.exposeString('name', { description: "The name in Kling's shop." }),
    klingPackId: t.exposeString('packId', { description: "Kling's id of the pack." }),
    klingType: t.exposeString('klingType', {
      nullable: true,
      description: 'How the units are used up, such as `decreasing_total`.',
    }),
    klingStatus: t.exposeString('klingStatus', { description: "Kling's own word, such as `online`." }),
    totalUnits: t.expose('totalUnits', {
      type: 'Decimal',
      nullable: true,
      description: 'Units in the whole pack.',
    }),
    remainingUnits: t.expose('remainingUnits', {
      type: 'Decimal',
      nullable: true,
      description: 'Units that are left. Up to 12 hours old.',
    }),
    purchasedAt: t.expose('purchasedAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the pack was bought.',
    }),
    effectiveAt: t.expose('effectiveAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the units can first be used.',
    }),
    expiresAt: t.expose('expiresAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When the remaining units are lost.',
    }),
  }),
});

const OperatorQueryRef = builder.objectRef<object>('OperatorQuery').implement({
  description:
    'The Kling account, with the work of all tenants. Every field is one read at Kling. A field is null with an error if its read fails; the others still answer.',
  fields: (t) => ({
    klingTask: t.field({
      type: KlingTaskRef,
      nullable: true,
      description: 'Returns one task, also one that was made without this gateway. Null if Kling does not know it.',
      args: {
        list: t.arg({
          type: KlingListRef,
          description: 'The list of the task. Preset voices cannot be read one by one.',
        }),
        klingTaskId: t.arg.string({
          description:
            "Kling's id, or the `external_task_id` that it was made with. Kling documents the latter for voices.",
        }),
      },
      resolve(_operator, { list, klingTaskId: id }, { upstream }) {
        const isReadable = list !== 'PRESET_VOICES';
        throwIf([
          ...(isReadable ? [] : [outOfRange('list', 'must be CUSTOM_VOICES or LIP_SYNCS')]),
          ...(id.length >= 1 && id.length <= ID_CHARS_MAX
            ? []
            : [outOfRange('klingTaskId', `must be 1 to ${ID_CHARS_MAX} characters long`)]),
        ]);
        return isReadable ? upstream.klingTask(list, id) : null;
      },
    }),
    klingTasks: t.field({
      type: KlingTaskPageRef,
      nullable: true,
      description: "Returns one page of one of Kling's lists. Kling does not report how many pages there are.",
      args: {
        list: t.arg({ type: KlingListRef, description: 'The list to read.' }),
        page: t.arg.int({ defaultValue: 1, description: `1 to ${PAGE_MAX}.` }),
        pageSize: t.arg.int({
          defaultValue: PAGE_SIZE_DEFAULT,
          description: `1 to ${PAGE_SIZE_MAX.CUSTOM_VOICES}; for lip-syncs, 1 to ${PAGE_SIZE_MAX.LIP_SYNCS}.`,
        }),
      },
      extensions: withCost({ list: 'pageSize', default: PAGE_SIZE_DEFAULT, max: PAGE_SIZE_MAX.CUSTOM_VOICES }),
      async resolve(_operator, { list, page, pageSize }, { upstream }) {
        throwIf([...rangeIssues('page', page, PAGE_MAX), ...rangeIssues('pageSize', pageSize, PAGE_SIZE_MAX[list])]);
        return { ...(await upstream.klingTasks(list, { page, pageSize })), page, pageSize };
      },
    }),
    resourcePacks: t.field({
      type: [ResourcePackRef],
      nullable: true,
      description: 'Lists the prepaid packs. Kling allows one such read per second.',
      extensions: withCost({ max: PACKS_PER_ACCOUNT }),
      args: {
        days: t.arg.int({
          defaultValue: DAYS_DEFAULT,
          description: `Only packs that were bought within this number of days, 1 to ${DAYS_MAX}.`,
        }),
      },
      async resolve(_operator, { days }, { upstream, now }) {
        throwIf(rangeIssues('days', days, DAYS_MAX));
        const endMs = now();
        return [...(await upstream.listResourcePacks({ startMs: endMs - days * DAY_MS, endMs })).items];
      },
    }),
  }),
});

builder.queryField('operator', (t) =>
  t.field({
    type: OperatorQueryRef,
    nullable: true,
    description:
      'The Kling account that all tenants share. Null with a `FORBIDDEN` error without the scope `operator`.',
    resolve(_root, _args, { viewer }) {
      requireScope(viewer, 'operator');
      return {};
    },
  }),
);

function rangeIssues(name: string, value: number, max: number): Issue[] {
  return value >= 1 && value <= max ? [] : [outOfRange(name, `must be from 1 to ${max}`)];
}

function outOfRange(name: string, message: string): Issue {
  return { path: [name], code: 'OUT_OF_RANGE', message };
}

/** Throws `BAD_USER_INPUT` if there are issues. */
function throwIf([first, ...rest]: readonly Issue[]): void {
  if (first !== undefined) throw badUserInput([first, ...rest]);
}

const BalanceDeductionRef = builder.objectRef<BalanceDeduction>('BalanceDeduction').implement({
  description: 'A charge in money, on newer accounts. A field is null if Kling did not send it.',
  fields: (t) => ({
    listPrice: t.expose('listPrice', { type: 'Decimal', nullable: true, description: 'The price before discounts.' }),
    quota: t.expose('quota', { type: 'Decimal', nullable: true, description: 'The amount deducted.' }),
  }),
});

const KlingTaskRef = builder.objectRef<KlingTask>('KlingTask').implement({
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
