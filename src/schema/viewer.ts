import { SCOPES, type Viewer } from '../domain/viewer.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';

const ViewerRef = builder.objectRef<Viewer>('Viewer').implement({
  description: 'The authenticated caller, as its token says.',
  fields: (t) => ({
    tenant: t.exposeString('tenant', {
      description: 'Whose tasks, voices and face scans the caller sees: these alone.',
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: "The token's `sub`. Null in local development without tokens.",
    }),
    scopes: t.exposeStringList('scopes', {
      extensions: withCost({ max: SCOPES.length }),
      description: `What the caller may do, of ${SCOPES.map((scope) => `\`${scope}\``).join(', ')}; past it the error is \`FORBIDDEN\`. \`operator\` allows \`account\` alone.`,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When the token is worth nothing any more: live subscriptions end then, and go on with a new one. Null: never.',
      resolve: ({ expiresAtMs }) => expiresAtMs,
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({ type: ViewerRef, description: 'Who is calling.', resolve: (_root, _args, { viewer }) => viewer }),
);
