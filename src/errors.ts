/**
 * The errors that clients see.
 *
 * @module
 */

interface ErrorCodeRow {
  /** The HTTP status of a request that is refused as a whole. */
  readonly status: number;
  /** Its description in the schema. */
  readonly meaning: string;
}

/** Stable codes of failures, and of top-level errors in `extensions.code`. Renaming one is a breaking change. */
export const ERROR_CODES = {
  UNAUTHENTICATED: { status: 401, meaning: 'Top-level only. The token is missing, wrong or expired.' },
  FORBIDDEN: { status: 403, meaning: 'Top-level only. The caller is known, but may not do this.' },
  NOT_FOUND: { status: 404, meaning: 'Top-level only. The object does not exist, or belongs to another tenant.' },
  BAD_USER_INPUT: { status: 400, meaning: 'The input is wrong; `issues` lists what.' },
  CONFLICT: { status: 409, meaning: 'See `ConflictError`.' },
  AUDIO_UNREADABLE: { status: 422, meaning: 'Kling could not read the audio.' },
  CONTENT_REJECTED: {
    status: 422,
    meaning: "Kling's content policy refused the text, audio or video. The same input fails again.",
  },
  CREATE_OUTCOME_UNKNOWN: {
    status: 503,
    meaning: 'The answer to a create was lost, and the task was not found at Kling in time. It may have been charged.',
  },
  DEADLINE_EXCEEDED: { status: 504, meaning: 'Kling did not finish in time. It may still charge.' },
  FACE_ANGLE: { status: 422, meaning: 'The face is turned away too far.' },
  INPUT_REJECTED: {
    status: 422,
    meaning: 'Kling could not use the audio or video: its format, length, size or quality.',
  },
  MULTIPLE_SPEAKERS: { status: 422, meaning: 'Kling heard more than one speaker.' },
  NO_FACE_DETECTED: { status: 422, meaning: 'Kling found no usable face in the video.' },
  NO_RESULT: { status: 502, meaning: 'Kling reported success, but never a result.' },
  NOT_SENT: {
    status: 503,
    meaning: 'The task waited too long, for a slot at Kling or for its upload. Nothing was charged for the lip-sync.',
  },
  QUOTA_EXHAUSTED: { status: 402, meaning: 'See `QuotaExhaustedError`.' },
  RATE_LIMITED: { status: 429, meaning: 'Too many requests. Wait for `retryAfterMs`, or at least a second.' },
  STAGE_OUTCOME_UNKNOWN: {
    status: 503,
    meaning: 'The answer to a scan or a speech was lost. It may have been charged; `retryTask` can pay again.',
  },
  TASK_LOST_AT_KLING: {
    status: 502,
    meaning: 'Kling does not know the task any more, for example after a change of keys.',
  },
  UPSTREAM_ERROR: {
    status: 502,
    meaning: "Kling failed for a reason that the gateway does not know. `message` has Kling's text.",
  },
  UPSTREAM_UNAVAILABLE: {
    status: 503,
    meaning: 'Kling or a part of the gateway did not answer, or its answer could not be read.',
  },
  UPSTREAM_MISCONFIGURED: {
    status: 503,
    meaning: "Kling refuses the gateway's key or host. Only an operator can fix it.",
  },
  NOT_CONFIGURED: {
    status: 501,
    meaning: 'Top-level only. The gateway is not set up for this. Only an operator can fix it; `message` says how.',
  },
  QUERY_TOO_COMPLEX: {
    status: 400,
    meaning: 'Top-level only. The operation is too long, too deep or asks for too much.',
  },
  INTERNAL: { status: 500, meaning: 'Top-level only. A bug in the gateway, logged under `extensions.requestId`.' },
} as const satisfies Readonly<Record<string, ErrorCodeRow>>;

/** A code of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The kinds of issues, with their meaning for clients. Renaming one is a breaking change. */
export const ISSUE_CODES = {
  CLIP_OUTSIDE_AUDIO: 'The clip ends after the end of the audio.',
  CLIP_OUTSIDE_FACE: "The clip does not overlap the face's interval by 2 s.",
  CLIP_OUTSIDE_VIDEO: 'The clip ends after the end of the video.',
  CLIP_TOO_SHORT: 'The audio has less than 2 s left after trimming.',
  DURATION_UNKNOWN: 'A placement cannot be chosen, because the length of the audio or the time of the face is unknown.',
  EXPIRED: 'The scan is older than 24 hours.',
  FETCH_FAILED: 'The URL could not be read.',
  FILE_TOO_LARGE: 'The file has more bytes than Kling takes.',
  INPUT_NOT_KEPT: 'The task cannot be retried: its audio came in base64, or version 0.1 made it.',
  MALFORMED: 'The text has the wrong form: an id, URL, cursor or base64.',
  MEDIA_NOT_READY: 'The file, or the result of the task, is not ready. Only a lip-sync task waits for it.',
  NO_AUDIO_TRACK: 'The file holds no audio track.',
  NO_SUCH_FACE: 'The video has no face at this index, or none that can be seen for 2 s.',
  NOT_FOUND: 'The caller has no object with this id, or no webhook endpoint with this origin.',
  NOT_UNIQUE: 'The key is in the list more than once.',
  OUT_OF_RANGE: 'The number, length or count is outside its limits.',
  TOO_LONG: 'The audio or video is too long.',
  TOO_SHORT: 'The audio or video is too short.',
  UNSUPPORTED_FORMAT: 'The file is not in a format that Kling takes, or is damaged.',
  UNSUPPORTED_RESOLUTION: 'The picture is not 720p or 1080p, or a side is not 512 to 2160 pixels.',
  URL_NOT_ALLOWED: 'The URL is not public, or not `https`.',
  VOICE_CANNOT_SPEAK: "Kling's text-to-speech cannot use a preset or cloned voice: see `speechVoices`.",
  WRONG_ID_TYPE: "The id is of another type, or is one of Kling's ids.",
} as const satisfies Readonly<Record<string, string>>;

/** A code of `ISSUE_CODES`. */
export type IssueCode = keyof typeof ISSUE_CODES;

/** One problem of an input. The path starts with the argument, as in `['input', 'name']`. The message states what is allowed. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly code: IssueCode;
  readonly message: string;
}

/** Names the object that a conflict is about. A type of task is named by its kind. */
export interface ExistingObject {
  readonly type: 'LIP_SYNC' | 'VOICE' | 'FACE_SCAN' | 'SPEECH' | 'WEBHOOK_DELIVERY';
  /** The id within the type. */
  readonly id: string;
}

/** The limits of units, with their meaning for clients. */
export const UNIT_LIMITS = {
  KLING_ACCOUNT: "The Kling account's resource packs.",
  MAX_UNITS: "The input's own `maxUnits`.",
  TENANT_BUDGET: "The tenant's monthly budget, `Usage.unitsMax`.",
} as const satisfies Readonly<Record<string, string>>;

/** The limit that was reached. Units are exact decimal numbers. */
export interface ReachedLimit {
  readonly limit: keyof typeof UNIT_LIMITS;
  readonly unitsNeeded?: string;
  readonly unitsLeft?: string;
}

/** An error as plain data. Durable Objects return it, because RPC loses error classes. */
export interface Failure {
  readonly code: ErrorCode;
  /** Clients see the message. It has no secret, no stack and no internal name. */
  readonly message: string;
  /** Whether the same call, unchanged, may succeed later. */
  readonly retryable: boolean;
  /** The time to wait before a retry, in milliseconds, if it is known. */
  readonly retryAfterMs?: number;
  /** Kling's business code, if Kling refused the request. */
  readonly klingCode?: number;
  /** Kling's id of the refused request, for its support. */
  readonly klingRequestId?: string;
  /** Set if Kling refused, failed, or did not answer. The gateway's own failures have no such field. */
  readonly isFromKling?: true;
  /** All problems of the input. Only `BAD_USER_INPUT` has them. */
  readonly issues?: readonly Issue[];
  /** Only `CONFLICT` has it. Missing if the object is not known. */
  readonly existing?: ExistingObject;
  /** Only `QUOTA_EXHAUSTED` has it. Missing for the limit of the Kling account. */
  readonly quota?: ReachedLimit;
}

/** An error that clients may see. Any other thrown error is a bug: it is logged, and clients see `INTERNAL`. */
export class GatewayError extends Error {
  override readonly name: string = 'GatewayError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** A refused input. Mutations return this error and the next three as data. */
export class InvalidInputError extends GatewayError {
  override readonly name = 'InvalidInputError';
}

/** A `CONFLICT`. */
export class ConflictError extends GatewayError {
  override readonly name = 'ConflictError';
}

/** A `QUOTA_EXHAUSTED`, of the tenant or of the Kling account. */
export class QuotaExhaustedError extends GatewayError {
  override readonly name = 'QuotaExhaustedError';
}

/** Any other failure of Kling. */
export class UpstreamError extends GatewayError {
  override readonly name = 'UpstreamError';
}

/** Creates the error for a failure that was returned as data. Its class says whether a mutation returns it as data. */
export function toGatewayError(failure: Failure): GatewayError {
  if (failure.code === 'QUOTA_EXHAUSTED') return new QuotaExhaustedError(failure);
  if (failure.isFromKling === true) return new UpstreamError(failure);
  if (failure.code === 'CONFLICT') return new ConflictError(failure);
  return failure.issues === undefined ? new GatewayError(failure) : new InvalidInputError(failure);
}

/** An expected outcome that crosses an RPC boundary, where a thrown error would lose its class. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** Returns a `GatewayError` as data. Any other error is a bug: it is thrown, and becomes an internal error. */
export async function toResult<T>(work: () => T | Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof GatewayError) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** Returns the value, or throws the failure as a `GatewayError`. */
export function fromResult<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw toGatewayError(result.failure);
}

/** Creates the error for a refused input. It has all issues, and its message names the first. */
export function badUserInput(issues: readonly [Issue, ...Issue[]]): InvalidInputError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new InvalidInputError({
    code: 'BAD_USER_INPUT',
    message: `${first.path.join('.')}: ${first.message}${more}`,
    ...(isOnlyEarly(issues) ? { retryable: true, retryAfterMs: CHECK_MS } : { retryable: false }),
    issues,
  });
}

/** A check of a file takes about a second. */
const CHECK_MS = 1_000;

/** Returns true if the same input succeeds once its files are ready. */
function isOnlyEarly(issues: readonly Issue[]): boolean {
  return issues.every(({ code }) => code === 'MEDIA_NOT_READY');
}

/** The types of objects that mutations name by their id. */
type NamedType = 'task' | 'voice' | 'file' | 'webhook endpoint' | 'webhook delivery';

/** Creates the issue of an id of a mutation that names nothing. Another tenant's object is not told from a missing one. */
export function unknownId(argument: string, type: NamedType): Issue {
  return { path: [argument], code: 'NOT_FOUND', message: `There is no such ${type}.` };
}

/** Creates the issue of an id of a mutation that is not an id of this type. */
export function wrongIdType(argument: string, type: NamedType): Issue {
  const message = `is not the id of a ${type}: ids of other types and Kling's own ids are not accepted`;
  return { path: [argument], code: 'WRONG_ID_TYPE', message };
}

/** Creates the error for a watched task that is missing or belongs to another tenant. The caller cannot tell which. */
export function notFound(): GatewayError {
  return new GatewayError({ code: 'NOT_FOUND', message: 'There is no such task.', retryable: false });
}
