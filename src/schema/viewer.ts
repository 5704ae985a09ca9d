import { fromMilliunits, monthOf } from '../domain/cost.ts';
import { type FileUsage, type Usage, SCOPES, type Viewer } from '../domain/ports.ts';
import { badUserInput } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';

const FileUsageRef = builder.objectRef<FileUsage>('FileUsage').implement({
  description: 'The size of the files that the gateway keeps for a tenant: uploads and archived results.',
  fields: (t) => ({
    bytes: t.exposeFloat('bytes', {
      description:
        'Whole bytes of all files. An unfinished upload counts in full, and a URL that is not fetched yet as the largest file.',
    }),
    bytesMax: t.exposeFloat('bytesMax', {
      description: 'The most bytes that are kept. More files are refused, and more results are not archived.',
    }),
  }),
});

const ViewerRef = builder.objectRef<Viewer>('Viewer').implement({
  description: 'The caller, as the token says.',
  fields: (t) => ({
    tenant: t.exposeString('tenant', {
      description: 'The owner of all work that the caller sees.',
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: "The token's `sub`. Null in local development without tokens.",
    }),
    scopes: t.exposeStringList('scopes', {
      extensions: withCost({ max: SCOPES.length }),
      description: `The scopes of the token that the gateway knows: ${SCOPES.map((scope) => `\`${scope}\``).join(', ')}. A call outside them is a \`FORBIDDEN\` error.`,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the token expires, and live subscriptions end. Null means never.',
      resolve: ({ expiresAtMs }) => expiresAtMs,
    }),
    files: t.field({
      type: FileUsageRef,
      nullable: true,
      description:
        'How much the files of the tenant take up. Null beside a `FORBIDDEN` error without a scope that reads.',
      extensions: withCost({ call: true }),
      resolve: (_viewer, _args, { ledger }) => ledger.fileUsage(),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({ type: ViewerRef, description: 'Returns who is calling.', resolve: (_root, _args, { viewer }) => viewer }),
);

const UsageRef = builder.objectRef<Usage & { readonly month: string }>('Usage').implement({
  description: "The caller's charges in a calendar month, by the time each piece of work was created.",
  fields: (t) => ({
    month: t.expose('month', { type: 'Month', description: 'The month of the charges.' }),
    units: t.field({
      type: 'Decimal',
      description:
        'Units that Kling has charged. The estimate counts if Kling reports no charge. Tasks in progress are not included.',
      resolve: ({ milliunits }) => fromMilliunits(milliunits),
    }),
    unitsMax: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'The budget. Work that would exceed it is not sent, and is a `QuotaExhaustedError`. Null means unlimited.',
      resolve: ({ milliunitsMax }) => (milliunitsMax === null ? null : fromMilliunits(milliunitsMax)),
    }),
  }),
});

builder.queryField('usage', (t) =>
  t.field({
    type: UsageRef,
    description: 'Returns what the caller was charged in one month.',
    args: {
      month: t.arg({
        type: 'Month',
        required: false,
        description: 'A month in UTC, as in `2026-11`. Null means the current month.',
      }),
    },
    async resolve(_root, args, { ledger, now }) {
      const month = args.month ?? monthOf(now());
      if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
        throw badUserInput([
          { path: ['month'], code: 'MALFORMED', message: 'must be a year and a month, as in 2026-11' },
        ]);
      }
      return { month, ...(await ledger.usage(month)) };
    },
  }),
);
