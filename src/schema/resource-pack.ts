import { RESOURCE_PACK_STATUSES, type ResourcePack, type ResourcePackStatus } from '../domain/resource-pack.ts';
import { badUserInput } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { AccountRef } from './operator.ts';
import { builder } from './builder.ts';
import { enumValues } from './enum-values.ts';

const DAY_MS = 24 * 3_600_000;
const DAYS_DEFAULT = 365;
const DAYS_MAX = 3650;
/** An assumption: Kling states no bound, and an account buys a few a month. */
const PACKS = 100;

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
    extensions: withCost({ max: PACKS }),
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
