import {
  badUserInput,
  type ConflictError,
  type Failure,
  type GatewayError,
  type InvalidInputError,
  type Issue,
  type QuotaExhaustedError,
  type Result,
  toGatewayError,
  type UpstreamError,
} from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { CreateLipSyncTaskInputRef, LipSyncTaskResultRef, toLipSyncInput } from './lip-sync.ts';

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
