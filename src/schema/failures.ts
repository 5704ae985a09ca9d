import { shownCodeOf } from '../domain/failure.ts';
import type { DeletedVoiceResult } from '../domain/ports.ts';
import {
  ConflictError,
  ERROR_CODES,
  type Failure,
  type GatewayError,
  InvalidInputError,
  type Issue,
  ISSUE_CODES,
  QuotaExhaustedError,
  UNIT_LIMITS,
  UpstreamError,
} from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder, enumValues, findNode, type NodeType } from './builder.ts';

const ErrorCodeRef = builder.enumType('ErrorCode', {
  description:
    'The codes of failures, and of top-level errors in `extensions.code`. New codes may be added: treat an unknown one as `INTERNAL`.',
  values: Object.fromEntries(
    Object.entries(ERROR_CODES).map(([code, { meaning }]) => [code, { value: code, description: meaning }]),
  ),
});

/** The reason that a mutation returns, or that a task failed for. */
export const FailureRef = builder.interfaceRef<Pick<GatewayError, 'failure'>>('Failure').implement({
  description: 'Why something was not done: the answer to a mutation, or the end of a task.',
  resolveType: ({ failure }) => typenameOf(failure),
  fields: (t) => ({
    code: t.field({
      type: ErrorCodeRef,
      description: 'What to branch on.',
      resolve: ({ failure: { code, isFromKling } }) => (isFromKling === true ? shownCodeOf(code) : code),
    }),
    message: t.string({
      description: 'English text for developers. The wording may change.',
      resolve: ({ failure }) => failure.message,
    }),
    retryable: t.boolean({
      description: 'Whether the same attempt, unchanged, may succeed later.',
      resolve: ({ failure }) => failure.retryable,
    }),
    retryAfterMs: t.int({
      nullable: true,
      description: 'How long to wait before a new attempt, in milliseconds. Null if unknown.',
      resolve: ({ failure }) => failure.retryAfterMs,
    }),
  }),
});

/** As `toGatewayError` in `errors.ts`. Mutations need the class, because a thrown error is recognised by it. */
function typenameOf({ code, isFromKling }: Failure): string {
  if (code === 'QUOTA_EXHAUSTED') return 'QuotaExhaustedError';
  if (isFromKling === true) return 'KlingError';
  return code === 'CONFLICT' ? 'ConflictError' : 'InvalidInputError';
}

/** The types of a task's failure. Its input was checked before the task was made. */
export const TASK_FAILURE_TYPES = ['KlingError', 'QuotaExhaustedError'] as const;

/** The most names and positions of a path. */
const STEPS_OF_PATH = 8;

/** A problem of an input, or of a file. */
export const IssueRef = builder.objectRef<Issue>('Issue').implement({
  description: 'One thing that is wrong with an input or a file.',
  fields: (t) => ({
    code: t.expose('code', {
      type: builder.enumType('IssueCode', {
        description: 'The kinds of issues. New codes may be added.',
        values: enumValues(keysOf(ISSUE_CODES), ISSUE_CODES),
      }),
      description: 'What to branch on.',
    }),
    message: t.exposeString('message', { description: 'English text for developers, with the allowed values.' }),
    path: t.stringList({
      description:
        'Where it is in the arguments, as in `["input", "placement", "audioEndMs"]`. Empty for a problem of a file.',
      extensions: withCost({ max: STEPS_OF_PATH }),
      resolve: ({ path }) => path.map(String),
    }),
  }),
});

/** The issues that an input may have. An assumption for the cost of lists: 50 inputs with all issues fit into one answer. */
const ISSUES_PER_INPUT = 25;

builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description:
    'The input is wrong. Lists everything that is wrong, before anything is paid. Its code is `BAD_USER_INPUT`.',
  interfaces: [FailureRef],
  fields: (t) => ({
    issues: t.field({
      type: [IssueRef],
      description: 'In the order of the arguments. At least one.',
      extensions: withCost({ max: ISSUES_PER_INPUT }),
      resolve: ({ failure }) => failure.issues ?? [],
    }),
  }),
});

const TYPENAMES = {
  LIP_SYNC: 'LipSyncTask',
  VOICE: 'VoiceTask',
  FACE_SCAN: 'FaceScan',
  SPEECH: 'Speech',
  WEBHOOK_DELIVERY: 'WebhookDelivery',
} as const;

builder.objectType(ConflictError, {
  name: 'ConflictError',
  description:
    "The external id was used before with another input, or the object's state forbids the change. Its code is `CONFLICT`.",
  interfaces: [FailureRef],
  fields: (t) => ({
    existing: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description:
        'The object that has the external id, or the one that was to be changed. Null if it is no longer kept, or has no answer yet.',
      extensions: withCost({ call: true }),
      resolve: ({ failure: { existing } }, _args, context, info) =>
        existing === undefined
          ? null
          : findNode({ typename: TYPENAMES[existing.type], id: existing.id }, context, info),
    }),
  }),
});

builder.objectType(QuotaExhaustedError, {
  name: 'QuotaExhaustedError',
  description: 'Too few units are left. Its code is `QUOTA_EXHAUSTED`.',
  interfaces: [FailureRef],
  fields: (t) => ({
    limit: t.field({
      type: builder.enumType('UnitLimit', {
        description: 'Which limit was reached.',
        values: enumValues(keysOf(UNIT_LIMITS), UNIT_LIMITS),
      }),
      description: 'The limit that would be passed.',
      resolve: ({ failure: { quota } }) => quota?.limit ?? 'KLING_ACCOUNT',
    }),
    unitsNeeded: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Units that the work needs. Null if unknown.',
      resolve: ({ failure: { quota } }) => quota?.unitsNeeded,
    }),
    unitsLeft: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'Units that are left. Null if unknown.',
      resolve: ({ failure: { quota } }) => quota?.unitsLeft,
    }),
  }),
});

builder.objectType(UpstreamError, {
  name: 'KlingError',
  description: 'Kling refused, failed, or did not answer. Branch on `code`.',
  interfaces: [FailureRef],
  fields: (t) => ({
    klingCode: t.int({
      nullable: true,
      description: "Kling's business code, such as 1301. Null if Kling sent none.",
      resolve: ({ failure }) => failure.klingCode,
    }),
    klingRequestId: t.string({
      nullable: true,
      description: "Kling's id of the refused request, for Kling's support. Null if Kling sent none.",
      resolve: ({ failure }) => failure.klingRequestId,
    }),
  }),
});

/** The failures that a paid mutation returns as data. Other errors stay top-level errors. */
export const PAID_FAILURES = [InvalidInputError, ConflictError, QuotaExhaustedError, UpstreamError] as const;

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys loses the names of keys
  return Object.keys(table) as Key[];
}

/** An object that was deleted. */
export interface Deleted {
  readonly type: NodeType;
  /** The id within the type. */
  readonly id: string;
  /** Kling's answer. Null for what Kling does not have. */
  readonly answer: Omit<DeletedVoiceResult, 'voiceId'> | null;
}

export const DeletionRef = builder.objectRef<Deleted>('Deletion').implement({
  description: 'An object was deleted.',
  fields: (t) => ({
    deletedId: t.globalID({
      description: "The id that the object had, for removing it from a client's cache.",
      resolve: ({ type, id }) => ({ type, id }),
    }),
  }),
});

/** The answer of every mutation that deletes. */
export const DeletionResultRef = builder.errorUnion('DeletionResult', {
  description: 'The deletion, or why nothing was deleted.',
  types: [DeletionRef, InvalidInputError, ConflictError, UpstreamError],
  resolveType: () => 'Deletion',
});
