import type { CombinedError } from 'urql';
import type { introspection_types } from './introspection.d.ts';

interface Extensions {
  readonly code?: string;
  readonly requestId?: string;
  readonly retryable?: boolean;
  readonly issues?: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
}

/** The texts for a refused request. */
export interface NoticeTexts {
  readonly title: string;
  readonly details: readonly string[];
  /** Names the request in the operator's log. Null if the request never reached the gateway. */
  readonly requestId: string | null;
}

type ErrorCode = introspection_types['ErrorCode']['enumValues'];

/** The words for an error code. `advice` says how people can continue. */
export interface FailureTexts {
  readonly title: string;
  readonly advice?: string;
}

/** The texts of each code: of a request that was refused, and of a task that failed. */
const TEXTS = {
  AUDIO_UNREADABLE: { title: 'Kling couldn’t read the audio', advice: 'Convert the audio to MP3 or WAV.' },
  BAD_USER_INPUT: { title: 'Check your input' },
  CONFLICT: { title: 'This is not possible any more' },
  CONTENT_REJECTED: {
    title: 'Kling’s content policy refused this',
    advice: 'The same input will be refused again. Try another one.',
  },
  CREATE_OUTCOME_UNKNOWN: {
    title: 'Kling’s answer was lost',
    advice: 'The task may have been created and charged. Check the Kling account before you try again.',
  },
  STAGE_OUTCOME_UNKNOWN: {
    title: 'Kling’s answer was lost',
    advice: 'The scan or the speech may have been charged. You can start again, and pay for it again.',
  },
  DEADLINE_EXCEEDED: { title: 'Kling took too long', advice: 'It may still be charged. Try again later.' },
  FACE_ANGLE: {
    title: 'The face is turned too far away',
    advice: 'Choose a video that shows the face from the front.',
  },
  FORBIDDEN: { title: 'You are not allowed to do this' },
  INPUT_REJECTED: {
    title: 'Kling couldn’t use the video or the audio',
    advice: 'Check their format, length, size and quality.',
  },
  INTERNAL: { title: 'The gateway failed' },
  MULTIPLE_SPEAKERS: { title: 'More than one person speaks', advice: 'Use a recording of one person.' },
  NOT_CONFIGURED: {
    title: 'This gateway isn’t set up for that',
    advice: 'Ask the person who runs it.',
  },
  NOT_FOUND: { title: 'Not found. It may have been deleted.' },
  NOT_SENT: { title: 'No slot became free in time', advice: 'Nothing was charged. Try again.' },
  NO_FACE_DETECTED: { title: 'No usable face was found', advice: 'Choose a video that shows a face clearly.' },
  NO_RESULT: {
    title: 'Kling finished without a result',
    advice: 'It may have been charged. Check the Kling account before you try again.',
  },
  QUERY_TOO_COMPLEX: { title: 'The request is too large' },
  QUOTA_EXHAUSTED: { title: 'No units are left', advice: 'Ask an operator to add units, then try again.' },
  RATE_LIMITED: { title: 'Too many requests', advice: 'Wait a moment, then try again.' },
  TASK_LOST_AT_KLING: {
    title: 'Kling no longer knows the task',
    advice: 'It may have been charged. Ask an operator whether the gateway’s keys have changed.',
  },
  UNAUTHENTICATED: { title: 'Your token has expired', advice: 'Enter a new one, then try again.' },
  UPSTREAM_ERROR: { title: 'Kling failed', advice: 'Its message says why, if Kling knows.' },
  UPSTREAM_MISCONFIGURED: { title: 'The gateway can’t use Kling', advice: 'Only an operator can fix this.' },
  UPSTREAM_UNAVAILABLE: { title: 'Kling or the gateway didn’t answer', advice: 'Try again in a moment.' },
} as const satisfies Record<ErrorCode, FailureTexts>;

/** Returns the texts of a code. A newer gateway may have codes that this build of the studio does not know. */
export function textsOf(code: string): FailureTexts {
  return TEXTS[isKnown(code) ? code : 'INTERNAL'];
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(TEXTS, code);
}

/** A failure in the answer to a mutation, as far as the studio shows it. */
interface ShownFailure {
  readonly code: string;
  readonly message: string;
  readonly issues?: Extensions['issues'];
}

/** The answer to a mutation. Missing before it arrives. */
export type Answer = object | null | undefined;

function isFailure(answer: Answer): answer is ShownFailure {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'message' in answer;
}

/** Returns what a mutation has made or changed. Null if it failed. */
export function workOf<T extends object>(answer: T | null | undefined): Exclude<T, ShownFailure> | null {
  if (answer === null || answer === undefined || isFailure(answer)) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the failures have been told apart
  return answer as Exclude<T, ShownFailure>;
}

function extensionsOf(error: CombinedError | undefined): readonly Extensions[] {
  return error?.graphQLErrors.map(({ extensions }) => extensions) ?? [];
}

/** Returns the gateway's error codes. Empty for a network error. */
export function codesOf(error: CombinedError | undefined): readonly string[] {
  return extensionsOf(error).flatMap(({ code }) => code ?? []);
}

/** Maps the error of a request, or the failure that its answer is, to the texts that are shown. Null if there is neither. */
export function toNoticeTexts(error: CombinedError | undefined, answer?: Answer): NoticeTexts | null {
  if (error === undefined) return isFailure(answer) ? toTexts(answer, null) : null;
  const [first] = error.graphQLErrors;
  if (first === undefined) {
    return {
      title: 'Couldn’t reach the gateway',
      details: ['Check your connection. Your entries are kept.'],
      requestId: null,
    };
  }
  const { code = '', issues, requestId } = extensionsOf(error)[0] ?? {};
  return toTexts({ code, message: first.message, ...(issues && { issues }) }, requestId ?? null);
}

function toTexts({ code, message, issues }: ShownFailure, requestId: string | null): NoticeTexts {
  const said = issues?.map((issue) => `${issue.path.at(-1) ?? 'input'}: ${issue.message}`) ?? [message];
  const { title, advice } = textsOf(code);
  return { title, details: advice === undefined ? said : [...said, advice], requestId };
}
