import type { ErrorCode, Failure, ReachedLimit } from '../errors.ts';

/**
 * The reasons why a task fails, and what follows from each: `MAY_PASS`, so that a new attempt may succeed, or
 * `MAY_BE_CHARGED`, because Kling may have finished the task. A new attempt after that may be charged again. The gateway
 * itself sets `NOT_SENT` and those. Kling refused a queued task for `QUOTA_EXHAUSTED` and `UPSTREAM_MISCONFIGURED`.
 */
const TASK_FAILURES = {
  CONTENT_REJECTED: 'FINAL',
  NO_HUMAN_DETECTED: 'FINAL',
  NO_FACE_DETECTED: 'FINAL',
  FACE_ANGLE: 'FINAL',
  AUDIO_UNREADABLE: 'FINAL',
  MULTIPLE_SPEAKERS: 'FINAL',
  INPUT_REJECTED: 'FINAL',
  RATE_LIMITED: 'MAY_PASS',
  UPSTREAM_ERROR: 'MAY_PASS',
  DEADLINE_EXCEEDED: 'MAY_BE_CHARGED',
  CREATE_OUTCOME_UNKNOWN: 'MAY_BE_CHARGED',
  TASK_LOST_AT_KLING: 'MAY_BE_CHARGED',
  NO_RESULT: 'MAY_BE_CHARGED',
  STAGE_OUTCOME_UNKNOWN: 'MAY_BE_CHARGED',
  NOT_SENT: 'MAY_PASS',
  QUOTA_EXHAUSTED: 'FINAL',
  UPSTREAM_MISCONFIGURED: 'FINAL',
  UNKNOWN: 'FINAL',
} as const;
export type TaskFailureCode = keyof typeof TASK_FAILURES;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys loses the names of keys
export const TASK_FAILURE_CODES = Object.keys(TASK_FAILURES) as readonly TaskFailureCode[];

/** Why a task failed. */
export interface TaskFailure {
  readonly code: TaskFailureCode;
  /** Kling's text if there is one. For people: code must not match on it. */
  readonly message: string;
  /** Kling's business code, if Kling refused the create. Missing in tasks that are older than this field. */
  readonly klingCode?: number;
  /** Kling's id of the refused create, for its support. Missing as above. */
  readonly klingRequestId?: string;
  /** Only `QUOTA_EXHAUSTED` has it, if the limit was the task's own. */
  readonly quota?: ReachedLimit;
}

/**
 * Classifies Kling's free text (`task_status_msg`), the only reason that Kling sends. Texts are undocumented and change, so
 * keywords in English and Chinese decide, in any case. Other texts are `UNKNOWN`.
 */
export function classifyFailure(text: string | null): TaskFailure {
  const message = text?.trim() ?? '';
  // Kling sends its word for success as the reason of some failed tasks (live, 2026-11).
  if (message === '' || /^succe(?:ed|ss)$/i.test(message)) return { code: 'UNKNOWN', message: 'Kling gave no reason.' };
  const start = message.slice(0, TEXT_CHARS_MATCHED);
  return { code: RULES.find(([, pattern]) => pattern.test(start))?.[0] ?? 'UNKNOWN', message };
}

/** Returns true if a new task with the same input may succeed later. */
export function isRetryable({ code }: TaskFailure): boolean {
  return TASK_FAILURES[code] === 'MAY_PASS';
}

/** Returns true if Kling may have finished the task and charged it. */
export function mayBeCharged({ code }: TaskFailure): boolean {
  return TASK_FAILURES[code] === 'MAY_BE_CHARGED';
}

/** Returns the failure of a task that the gateway closes, with its fixed message. */
export function gatewayFailure(code: keyof typeof GATEWAY_MESSAGES): TaskFailure {
  return { code, message: GATEWAY_MESSAGES[code] };
}

/** Maps the refusal of a queued task, which its caller has already been shown, to a failure of the task. */
export function classifyRefusal({ code, message, klingCode, klingRequestId }: Failure): TaskFailure {
  return {
    code: isTaskFailureCode(code) ? code : REFUSALS[code],
    message,
    ...(klingCode === undefined ? {} : { klingCode }),
    ...(klingRequestId === undefined ? {} : { klingRequestId }),
  };
}

function isTaskFailureCode(code: string): code is TaskFailureCode {
  return Object.hasOwn(TASK_FAILURES, code);
}

/** The codes of refusals that tasks do not have. `UNKNOWN` for those that Kling's refusal of a create does not have. */
const REFUSALS = {
  UNAUTHENTICATED: 'UNKNOWN',
  FORBIDDEN: 'UNKNOWN',
  NOT_FOUND: 'INPUT_REJECTED',
  BAD_USER_INPUT: 'INPUT_REJECTED',
  CONFLICT: 'UNKNOWN',
  UPSTREAM_UNAVAILABLE: 'UPSTREAM_ERROR',
  NOT_CONFIGURED: 'UNKNOWN',
  QUERY_TOO_COMPLEX: 'UNKNOWN',
  INTERNAL: 'UNKNOWN',
} as const satisfies Record<Exclude<ErrorCode, TaskFailureCode>, TaskFailureCode>;

/** Codes that clients see under a wider one: two of stored tasks, and those that say more about the gateway's request. */
const SHOWN_AS = {
  NO_HUMAN_DETECTED: 'NO_FACE_DETECTED',
  UNKNOWN: 'UPSTREAM_ERROR',
  BAD_USER_INPUT: 'INPUT_REJECTED',
  NOT_FOUND: 'INPUT_REJECTED',
  CONFLICT: 'UPSTREAM_ERROR',
} as const satisfies Partial<Record<TaskFailureCode | ErrorCode, ErrorCode>>;

function isShownAsAnother(code: string): code is keyof typeof SHOWN_AS {
  return Object.hasOwn(SHOWN_AS, code);
}

/** Returns the code that clients see of a failure of Kling. */
export function shownCodeOf(code: TaskFailureCode | ErrorCode): ErrorCode {
  return isShownAsAnother(code) ? SHOWN_AS[code] : code;
}

/** Returns the failure of a task as clients see it. */
export function failureOf(stored: TaskFailure): Failure {
  return { ...stored, code: shownCodeOf(stored.code), retryable: isRetryable(stored), isFromKling: true };
}

const GATEWAY_MESSAGES = {
  DEADLINE_EXCEEDED: 'Kling did not finish the task in time.',
  CREATE_OUTCOME_UNKNOWN:
    "Kling's answer was lost and the task could not be found again: it may have been made, and charged.",
  TASK_LOST_AT_KLING:
    "Kling does not know the task any more, as after a change of the gateway's keys. It may have been finished and charged.",
  NO_RESULT: 'Kling reported success, but never showed a result. It may have been charged.',
  STAGE_OUTCOME_UNKNOWN:
    "Kling's answer to the scan or the speech was lost, and Kling cannot be asked for it again. It may have been charged. `retryTask` with `payAgain` makes a new task.",
  NOT_SENT: 'The task could not be sent in time: no slot at Kling became free, or what it waits for did not come.',
} as const;

/** The most characters of a reason that are searched. Reasons are one sentence long. */
const TEXT_CHARS_MATCHED = 500;

/** Builds the pattern of a reason that something is missing: a negation before or after its name. */
function absent(things: string, chinese: string): RegExp {
  const before = `\\b(?:no|not|without|unable|fail\\w*|cannot|couldn't|didn't)\\b.{0,40}\\b(?:${things})\\b`;
  const after = `\\b(?:${things})\\b.{0,40}\\b(?:missing|undetected|(?:detection|recognition) fail|(?:not|cannot|no) .{0,10}(?:detect|found|recogni|identif))`;
  return new RegExp(`${before}|${after}|${chinese}`, 'i');
}

/**
 * The patterns of reasons. The first match wins, so the specific ones come first: a face's angle before a face, a face and a
 * voice before a human, and an exceeded timeout before an exceeded limit.
 */
const RULES: readonly (readonly [TaskFailureCode, RegExp])[] = [
  ['CONTENT_REJECTED', /risk control|sensitive|violat|(?:content|platform) (?:policy|safety|security)|moderation/i],
  ['CONTENT_REJECTED', /审核|风控|敏感|违规/],
  ['RATE_LIMITED', /parallel tasks? over|too many requests|并发/i],
  ['QUOTA_EXHAUSTED', /\bbalance (?:is )?(?:not enough|insufficient)|insufficient balance|余额不足/i],
  ['MULTIPLE_SPEAKERS', /more than one (?:speaker|voice)|multiple (?:speakers|voices)|多(?:人|个人|位)说话/i],
  [
    'AUDIO_UNREADABLE',
    /\b(?:fail\w*|unable|cannot|could not) (?:to )?(?:pars|decod|read)\w*.{0,10}\b(?:audio|sound)\b|音频(?:解析|解码)失败/i,
  ],
  ['FACE_ANGLE', /\bface\b.{0,20}\bangle\b|\bangle of (?:the |a )?face\b|人脸角度|侧脸/i],
  ['INPUT_REJECTED', absent('voices?|speech|vocals?', '未检测到人声')],
  ['NO_FACE_DETECTED', absent('faces?', '(?:未|没有|无).{0,10}人脸|人脸(?:检测|识别)失败')],
  ['NO_HUMAN_DETECTED', absent('humans?|persons?|people', '(?:未|没有|无).{0,10}人(?:物|体|像|$)')],
  [
    'UPSTREAM_ERROR',
    /(?:internal|system|server|service|unknown) (?:\w+ )?(?:error|busy|unavailable|failure|exception)/i,
  ],
  ['UPSTREAM_ERROR', /timed? ?out|overload|maintenance|内部错误|系统(?:繁忙|错误|异常)|超时/i],
  ['INPUT_REJECTED', /invalid|illegal|corrupt|unsupported|not support|must (?:not )?be|exceed|nois[ey]/i],
  ['INPUT_REJECTED', /too (?:long|short|large|small|big)|\b(?:format|resolution|duration|size|download\w*|decode)\b/i],
  ['INPUT_REJECTED', /格式|时长|分辨率|大小/],
];
