import type { LipSyncSnapshot, TaskSnapshot, Voice, VoiceTaskSnapshot } from '../domain/task.ts';
import type { PageRequest, UpstreamPage } from '../domain/ports.ts';
import { RESOURCE_PACK_STATUSES, type ResourcePack, type ResourcePackStatus } from '../domain/cost.ts';
import { requireScope } from '../domain/viewer.ts';
import { badUserInput, type Issue } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder, enumValues } from './builder.ts';
import { GeneratedVideoRef, ParentVideoRef, VIDEOS_PER_TASK } from './lip-sync.ts';
import { BalanceDeductionRef, TaskStatusRef } from './task.ts';
import { VoiceRef, VOICES_PER_TASK } from './voice.ts';

/** Kling's limits for `pageNum` and `pageSize` (custom voice and lip-sync pages, 2026-09). */
const PAGE_MAX = 1000;
const VOICES_PAGE_SIZE_MAX = 1000;
const LIP_SYNC_PAGE_SIZE_MAX = 500;
const PAGE_SIZE_DEFAULT = 30;

/** A page of one of Kling's lists, with the number and size that were requested. */
type AccountPage<T> = PageRequest & UpstreamPage<T>;

const AccountTaskRef = builder.interfaceRef<TaskSnapshot>('AccountTask').implement({
  description: "A task as Kling's own list shows it: of whoever made it, also without this gateway. It has no id here.",
  fields: (t) => ({
    klingTaskId: t.exposeString('klingTaskId', { description: "Kling's id of it." }),
    externalTaskId: t.exposeString('externalTaskId', {
      nullable: true,
      description:
        "The `external_task_id` that Kling knows; for a task of this gateway, the gateway's and not its caller's. Null when Kling does not tell, which is often.",
    }),
    status: t.expose('status', {
      type: TaskStatusRef,
      description: "Kling's word for it, translated. Never `QUEUED`.",
    }),
    klingStatus: t.exposeString('klingStatus', { description: "Kling's own word, such as `succeed`." }),
    statusMessage: t.exposeString('statusMessage', {
      nullable: true,
      description: "Kling's text on it; on a failed task the reason. Null when there is none.",
    }),
    createdAt: t.expose('createdAtMs', {
      type: 'DateTime',
      nullable: true,
      description: "By Kling's clock. Null when not sent.",
    }),
    updatedAt: t.expose('updatedAtMs', {
      type: 'DateTime',
      nullable: true,
      description: "When it last changed, by Kling's clock. Null when not sent.",
    }),
    unitsDeducted: t.exposeString('unitsDeducted', {
      nullable: true,
      description: 'What Kling charged in units, as a decimal string. Null before the end, or when not sent.',
    }),
    balanceDeducted: t.expose('balanceDeducted', {
      type: BalanceDeductionRef,
      nullable: true,
      description: 'What Kling charged in money. Null for accounts that pay in units alone, and before the end.',
    }),
  }),
});

const AccountLipSyncTaskRef = builder.objectRef<LipSyncSnapshot>('AccountLipSyncTask').implement({
  description: "A lip-sync in Kling's own list.",
  interfaces: [AccountTaskRef],
  fields: (t) => ({
    parentVideo: t.expose('parentVideo', {
      type: ParentVideoRef,
      nullable: true,
      description: 'What was lip-synced. Null when Kling does not tell.',
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

const AccountVoiceTaskRef = builder.objectRef<VoiceTaskSnapshot>('AccountVoiceTask').implement({
  description: "A voice being cloned, or cloned, in Kling's own list.",
  interfaces: [AccountTaskRef],
  fields: (t) => ({
    voices: t.expose('voices', {
      type: [VoiceRef],
      description: 'What was made. Empty until `SUCCEEDED`.',
      extensions: withCost({ max: VOICES_PER_TASK }),
    }),
  }),
});

const AccountPageRef = builder.interfaceRef<AccountPage<unknown>>('AccountPage').implement({
  description:
    "One page of one of Kling's lists. Kling does not tell how many there are: a page that is not full is the last.",
  fields: (t) => ({
    page: t.exposeInt('page', { description: 'The page asked for, from 1.' }),
    pageSize: t.exposeInt('pageSize', { description: 'The size asked for; the page may hold less.' }),
    klingRequestId: t.exposeString('klingRequestId', {
      nullable: true,
      description: "Kling's id of the read, for its support. Null when not sent.",
    }),
  }),
});

const LipSyncPageRef = builder.objectRef<AccountPage<LipSyncSnapshot>>('AccountLipSyncTaskPage').implement({
  description: "One page of Kling's list of lip-syncs.",
  interfaces: [AccountPageRef],
  fields: (t) => ({
    items: t.expose('items', { type: [AccountLipSyncTaskRef], description: "In Kling's order. Empty past the end." }),
  }),
});

const VoiceTaskPageRef = builder.objectRef<AccountPage<VoiceTaskSnapshot>>('AccountVoiceTaskPage').implement({
  description: "One page of Kling's list of voice tasks.",
  interfaces: [AccountPageRef],
  fields: (t) => ({
    items: t.expose('items', { type: [AccountVoiceTaskRef], description: "In Kling's order. Empty past the end." }),
  }),
});

const PresetVoicePageRef = builder.objectRef<AccountPage<Voice>>('PresetVoicePage').implement({
  description: "One page of Kling's library of voices.",
  interfaces: [AccountPageRef],
  fields: (t) => ({
    items: t.expose('items', { type: [VoiceRef], description: "In Kling's order. Empty past the end." }),
  }),
});

const AccountRef = builder.objectRef<object>('Account').implement({
  description:
    'The account at Kling that the gateway works with, across all its callers. Each list is one read at Kling as it stands, and a failed one leaves the rest of the query standing.',
  fields: (t) => ({
    lipSyncTasks: t.field({
      type: LipSyncPageRef,
      nullable: true,
      description: 'Every lip-sync of the account. Null beside an error when Kling does not answer.',
      args: pageArgs(LIP_SYNC_PAGE_SIZE_MAX),
      extensions: pageCost(LIP_SYNC_PAGE_SIZE_MAX),
      resolve: (_account, args, { upstream }) =>
        readPage(args, LIP_SYNC_PAGE_SIZE_MAX, (page) => upstream.listLipSyncTasks(page)),
    }),
    voiceTasks: t.field({
      type: VoiceTaskPageRef,
      nullable: true,
      description: 'Every voice task of the account. Null beside an error when Kling does not answer.',
      args: pageArgs(VOICES_PAGE_SIZE_MAX),
      extensions: pageCost(VOICES_PAGE_SIZE_MAX),
      resolve: (_account, args, { upstream }) =>
        readPage(args, VOICES_PAGE_SIZE_MAX, (page) => upstream.listVoiceTasks(page)),
    }),
    presetVoices: t.field({
      type: PresetVoicePageRef,
      nullable: true,
      description:
        "Kling's own library by Kling's pages; `Query.presetVoices` is the same list with cursors. Null beside an error when Kling does not answer.",
      args: pageArgs(VOICES_PAGE_SIZE_MAX),
      extensions: pageCost(VOICES_PAGE_SIZE_MAX),
      resolve: (_account, args, { upstream }) =>
        readPage(args, VOICES_PAGE_SIZE_MAX, (page) => upstream.listPresetVoices(page)),
    }),
  }),
});

builder.queryField('account', (t) =>
  t.field({
    type: AccountRef,
    nullable: true,
    description:
      "Kling's own lists as they stand, whoever made what is in them. For tokens with the scope `operator`; null with `FORBIDDEN` to all others.",
    resolve(_root, _args, { viewer }) {
      requireScope(viewer, 'operator');
      return {};
    },
  }),
);

const DAY_MS = 24 * 3_600_000;
const DAYS_DEFAULT = 365;
const DAYS_MAX = 3650;
/** An assumption for the cost of lists. Kling states no bound, and an account buys a few packs a month. */
const PACKS_PER_ACCOUNT = 100;

const STATUS_MEANING = {
  PENDING: 'Bought, and not yet in effect.',
  ACTIVE: 'In effect, with units left.',
  USED_UP: 'No units remain.',
  EXPIRED: 'Past its end; what remained is lost.',
  UNRECOGNIZED: 'Kling named a state that this gateway does not know; `klingStatus` has its word.',
} as const satisfies Record<ResourcePackStatus, string>;

const ResourcePackStatusRef = builder.enumType('ResourcePackStatus', {
  description: 'Whether a pack can be drawn on.',
  values: enumValues(RESOURCE_PACK_STATUSES, STATUS_MEANING),
});

const ResourcePackRef = builder.objectRef<ResourcePack>('ResourcePack').implement({
  description: 'Units that the account bought in advance. Kling draws every task on one of them.',
  fields: (t) => ({
    packId: t.exposeString('packId', { description: "Kling's id of it." }),
    name: t.exposeString('name', { description: "As Kling's shop calls it." }),
    klingType: t.exposeString('klingType', {
      nullable: true,
      description: "Kling's word for how it is used up, such as `decreasing_total`. Null when not sent.",
    }),
    totalUnits: t.exposeString('totalUnits', {
      nullable: true,
      description: 'How many it held when new, as a decimal string. Null when not sent.',
    }),
    remainingUnits: t.exposeString('remainingUnits', {
      nullable: true,
      description: 'How many are left, as a decimal string, up to 12 hours late. Null when not sent.',
    }),
    purchasedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was paid for. Null when not sent.',
      resolve: ({ purchasedAtMs }) => purchasedAtMs,
    }),
    effectiveAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'From when on it can be drawn on. Null when not sent.',
      resolve: ({ effectiveAtMs }) => effectiveAtMs,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When what remains is lost. Null when not sent.',
      resolve: ({ expiresAtMs }) => expiresAtMs,
    }),
    status: t.expose('status', { type: ResourcePackStatusRef, description: 'As Kling tells it, in one word of ours.' }),
    klingStatus: t.exposeString('klingStatus', { description: "Kling's own word for the status." }),
  }),
});

builder.objectField(AccountRef, 'resourcePacks', (t) =>
  t.field({
    type: [ResourcePackRef],
    nullable: true,
    description:
      "The account's packs, read from Kling, which allows one such call a second. Null with an error when it does not answer.",
    extensions: withCost({ max: PACKS_PER_ACCOUNT }),
    args: {
      days: t.arg.int({
        required: false,
        defaultValue: DAYS_DEFAULT,
        description: `Only packs bought in the last so many days: 1 to ${DAYS_MAX}; anything else is \`BAD_USER_INPUT\`.`,
      }),
    },
    async resolve(_account, args, { upstream, now }) {
      const days = args.days ?? DAYS_DEFAULT;
      if (days < 1 || days > DAYS_MAX) {
        throw badUserInput([{ path: ['days'], message: `must be from 1 to ${DAYS_MAX}` }]);
      }
      const endMs = now();
      return [...(await upstream.listResourcePacks({ startMs: endMs - days * DAY_MS, endMs })).items];
    },
  }),
);

interface PageArgs {
  readonly page?: number | null | undefined;
  readonly pageSize?: number | null | undefined;
}

function pageCost(pageSizeMax: number) {
  return withCost({ list: 'pageSize', default: PAGE_SIZE_DEFAULT, max: pageSizeMax });
}

function pageArgs(pageSizeMax: number) {
  return builder.args((t) => ({
    page: t.int({
      required: false,
      defaultValue: 1,
      description: `Which page, 1 to ${PAGE_MAX}; anything else is \`BAD_USER_INPUT\`. Null: the first.`,
    }),
    pageSize: t.int({
      required: false,
      defaultValue: PAGE_SIZE_DEFAULT,
      description: `How many a page holds, 1 to ${pageSizeMax}; anything else is \`BAD_USER_INPUT\`. Null: ${PAGE_SIZE_DEFAULT}.`,
    }),
  }));
}

async function readPage<T>(
  args: PageArgs,
  pageSizeMax: number,
  list: (page: PageRequest) => Promise<UpstreamPage<T>>,
): Promise<AccountPage<T>> {
  const page = args.page ?? 1;
  const pageSize = args.pageSize ?? PAGE_SIZE_DEFAULT;
  const issues = [...rangeIssues('page', page, PAGE_MAX), ...rangeIssues('pageSize', pageSize, pageSizeMax)];
  const [first, ...rest] = issues;
  if (first !== undefined) throw badUserInput([first, ...rest]);
  return { ...(await list({ page, pageSize })), page, pageSize };
}

function rangeIssues(name: string, value: number, max: number): Issue[] {
  return value >= 1 && value <= max ? [] : [{ path: [name], message: `must be from 1 to ${max}` }];
}
