import { fromMilliunits, milliunitsToUsd } from '../domain/cost.ts';
import type { LipSyncQuote } from '../domain/ports.ts';
import { ConflictError, InvalidInputError, QuotaExhaustedError } from '../errors.ts';
import { builder } from './builder.ts';
import { CreateLipSyncTaskInputRef, PlacementRef, toLipSyncInput } from './lip-sync.ts';

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
    placement: t.expose('placement', {
      type: PlacementRef,
      nullable: true,
      description: 'The placement that would be used. Null if it is not known yet.',
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
    resolve: (_root, { input }, { ledger }) => ledger.lipSyncQuote(toLipSyncInput(input)),
  }),
);
