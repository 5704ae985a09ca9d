import { ERROR_CODES, type ErrorCode } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { enumValues } from './builder.ts';

interface ErrorCodeInfo {
  readonly code: ErrorCode;
  readonly retryable: boolean | null;
  readonly description: string;
}

const DESCRIPTION = {
  UNAUTHENTICATED: 'The caller did not prove who they are, or the proof has expired: sign in again.',
  FORBIDDEN: 'The caller is known and may not do this.',
  NOT_FOUND: "The thing to be changed is not there, or is not the caller's: the two cannot be told apart.",
  BAD_USER_INPUT: 'The request is wrong as it stands. `extensions.issues` lists all that is wrong, each with its path.',
  CONFLICT:
    'The external id or idempotency key was used before with another input, or what is to be changed is in a state that forbids it.',
  CONTENT_REJECTED: "Kling's content policy refused the text, sound or video. Another one may pass.",
  QUOTA_EXHAUSTED: "No units are left, at Kling or in the tenant's own budget. An operator has to act.",
  RATE_LIMITED: 'Too much at once. Wait for `extensions.retryAfterMs` if it is set, else at least a second.',
  UPSTREAM_UNAVAILABLE:
    'Kling did not answer, or not intelligibly. `extensions.retryable` says whether the same call may be repeated.',
  UPSTREAM_MISCONFIGURED: "The gateway's settings or its access to Kling are wrong. Only an operator can mend it.",
  QUERY_TOO_COMPLEX: 'The document is too long, too deep or asks for too much. Split it.',
  INTERNAL: 'A fault of the gateway. It is logged under `extensions.requestId`.',
} as const satisfies Record<ErrorCode, string>;

/** Whether the same call may succeed later. Null if `extensions.retryable` of the error decides. A missing code is false. */
const RETRYABLE: Partial<Record<ErrorCode, boolean | null>> = {
  RATE_LIMITED: true,
  UPSTREAM_UNAVAILABLE: null,
  INTERNAL: null,
};

const ErrorCodeRef = builder.enumType('ErrorCode', {
  description:
    'The values of `errors[].extensions.code`, without the two of automatic persisted queries, which only a client library sees. New ones may be added: treat an unknown one as `INTERNAL`.',
  values: enumValues(ERROR_CODES, DESCRIPTION),
});

const ErrorCodeInfoRef = builder.objectRef<ErrorCodeInfo>('ErrorCodeInfo').implement({
  description: 'What one error code means to a client.',
  fields: (t) => ({
    code: t.expose('code', { type: ErrorCodeRef, description: 'As it stands in `errors[].extensions.code`.' }),
    retryable: t.exposeBoolean('retryable', {
      nullable: true,
      description:
        "Whether the same call, unchanged, may succeed later. Null: the error's own `extensions.retryable` says.",
    }),
    description: t.exposeString('description', { description: 'For developers, in English. Not for end users.' }),
  }),
});

builder.queryField('errorCodes', (t) =>
  t.field({
    type: [ErrorCodeInfoRef],
    description: 'All error codes with their meaning, in a fixed order. The same for every caller.',
    extensions: withCost({ max: ERROR_CODES.length }),
    resolve: () =>
      ERROR_CODES.map((code) => ({
        code,
        retryable: code in RETRYABLE ? (RETRYABLE[code] ?? null) : false,
        description: DESCRIPTION[code],
      })),
  }),
);
