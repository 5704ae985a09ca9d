import type { ResourcePack } from '../domain/cost.ts';
import type { PageRequest, UpstreamPage } from '../domain/ports.ts';
import { KLING_LISTS, type KlingList, type KlingTask } from '../domain/task.ts';
import { requireScope } from '../domain/viewer.ts';
import { badUserInput, type Issue } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder, enumValues } from './builder.ts';
import { KlingTaskRef } from './kling-task.ts';

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
