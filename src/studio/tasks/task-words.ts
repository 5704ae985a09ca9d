import { lipSyncUnits } from '../../domain/cost.ts';
import type { Task } from '../api/documents.ts';
import { type FailureTexts, textsOf } from '../api/failure.ts';
import { formatUnits } from '../ui/format.ts';

export const STATUS_LABELS: Readonly<Record<Task['status'], string>> = {
  PREPARING: 'Being prepared',
  QUEUED: 'Waiting for a slot',
  SUBMITTED: 'Sent to Kling',
  PROCESSING: 'In progress',
  SUCCEEDED: 'Done',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  UNRECOGNIZED: 'In progress',
};

type Stage = Extract<Task, { __typename: 'LipSyncTask' }>['stage'];

/** The steps of a lip-sync that is made from a video and a text or audio. */
export const STAGE_LABELS: Readonly<Record<Stage, string>> = {
  WAITING: 'Waiting for the video',
  SCANNING: 'Finding the face',
  SPEAKING: 'Speaking the text',
  SYNCING: 'Moving the lips',
};

/** Whether the task pays for steps before the lip-sync itself. */
export function isPrepared(task: Task): boolean {
  return task.__typename === 'LipSyncTask' && task.costs.length > 1;
}

/** Says what happens to a task now. */
export function progressOf(task: Task): string {
  return task.__typename === 'LipSyncTask' && task.status === 'PREPARING'
    ? STAGE_LABELS[task.stage]
    : STATUS_LABELS[task.status];
}

export const KIND_LABELS: Readonly<Record<Task['__typename'], string>> = {
  LipSyncTask: 'Lip-sync',
  VoiceTask: 'Voice',
};

type FailureCode = NonNullable<Task['failure']>['code'];

/** The failures that say something else about a task than about a request. */
const TASK_FAILURE_WORDS: Readonly<Partial<Record<FailureCode, FailureTexts>>> = {
  CONTENT_REJECTED: {
    title: 'Refused by Kling’s content policy',
    advice: 'The same video and audio will be refused again. Try others.',
  },
  RATE_LIMITED: { title: 'Kling was too busy', advice: 'Try again in a few minutes.' },
  QUOTA_EXHAUSTED: { title: 'No units were left', advice: 'Ask an operator to add units, then try again.' },
  UPSTREAM_MISCONFIGURED: { title: 'Kling refused the gateway', advice: 'Only an operator can fix this.' },
};

/** The failures that would name a video or a face. A voice is made from a recording. */
const VOICE_FAILURE_WORDS: Readonly<Partial<Record<FailureCode, FailureTexts>>> = {
  CONTENT_REJECTED: {
    title: 'Refused by Kling’s content policy',
    advice: 'The same recording will be refused again. Try another one.',
  },
  INPUT_REJECTED: {
    title: 'Kling couldn’t use the recording',
    advice: 'Use 5 to 30 s of one person without noise, as MP3, WAV, MP4 or MOV.',
  },
  AUDIO_UNREADABLE: { title: 'Kling couldn’t read the recording', advice: 'Convert the recording to MP3 or WAV.' },
  NO_FACE_DETECTED: { title: 'Kling found no person in the recording', advice: 'Use a recording of one person.' },
  FACE_ANGLE: { title: 'Kling couldn’t use the recording', advice: 'Use an audio recording of one person.' },
};

/** Returns the words for the failure of a task of this kind. */
export function failureWordsOf(code: FailureCode, kind: Task['__typename']): FailureTexts {
  return (kind === 'VoiceTask' ? VOICE_FAILURE_WORDS[code] : undefined) ?? TASK_FAILURE_WORDS[code] ?? textsOf(code);
}

/** Whether the task never changes again. */
export function isFinal({ status }: Pick<Task, 'status'>): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELLED';
}

/** The prefix of external ids that the studio creates, which mean nothing to users. */
const OWN_ID_PREFIX = 'studio-';

/** Returns the last part of the path of a URL, such as `talk.mp4`. Null without one. */
export function fileNameOf(url: string): string | null {
  const name = URL.parse(url)?.pathname.split('/').at(-1) ?? '';
  return name === '' ? null : name;
}

/** Returns the title of a task: what its creator called it, then what it was made from, then its kind. */
export function titleOf(task: Task): string {
  const { __typename, externalId, label } = task;
  const chosenId = externalId?.startsWith(OWN_ID_PREFIX) === true ? null : externalId;
  const ownTitle = label ?? (__typename === 'VoiceTask' ? task.name : null) ?? chosenId;
  if (ownTitle !== null) return ownTitle;
  const video = __typename === 'LipSyncTask' ? task.sourceVideo : null;
  const fileName = video?.media?.fileName ?? (video?.url == null ? null : fileNameOf(video.url));
  return fileName ?? KIND_LABELS[__typename];
}

/** Creates an external id for one attempt. A repeat with the same id creates no second task. */
export function newExternalId(): string {
  return `${OWN_ID_PREFIX}${crypto.randomUUID()}`;
}

/** The gateway's estimate for a video of unknown length, which is that of the longest. */
export const LIP_SYNC_UNITS_MAX = lipSyncUnits(null);

/** Returns the cost so far, or its estimate. Null if neither is known. */
export function costOf({ __typename, status, unitsCharged, unitsEstimated }: CostedTask): string | null {
  if (unitsCharged !== null) return formatUnits(unitsCharged);
  if (status === 'CANCELLED') return formatUnits('0');
  if (unitsEstimated === null) return null;
  // A scan and a speech add to the price of the longest video.
  const isMost = __typename === 'LipSyncTask' && Number(unitsEstimated) >= Number(LIP_SYNC_UNITS_MAX);
  return `${isMost ? 'At most' : 'About'} ${formatUnits(unitsEstimated)}`;
}

type CostedTask = Pick<Task, '__typename' | 'status' | 'unitsCharged' | 'unitsEstimated'>;

/**
 * Returns the time that a task took. Later changes do not count, such as a new label. A task that has not ended is measured
 * to its last change.
 */
export function durationMs({ createdAt, updatedAt, endedAt }: TimedTask): number {
  return new Date(endedAt ?? updatedAt).getTime() - new Date(createdAt).getTime();
}

type TimedTask = Pick<Task, 'createdAt' | 'updatedAt' | 'endedAt'>;

/** Returns the time that a task is expected to take in all. Null if the gateway does not know, or the task has ended. */
export function expectedMs({ createdAt, estimatedEndAt }: Pick<Task, 'createdAt' | 'estimatedEndAt'>): number | null {
  return estimatedEndAt === null ? null : new Date(estimatedEndAt).getTime() - new Date(createdAt).getTime();
}
