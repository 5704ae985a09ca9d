import type { Task } from '../api/documents.ts';

export const STATUS_LABELS: Readonly<Record<Task['status'], string>> = {
  QUEUED: 'Waiting for a slot',
  SUBMITTED: 'Sent to Kling',
  PROCESSING: 'In progress',
  SUCCEEDED: 'Done',
  FAILED: 'Failed',
  UNRECOGNIZED: 'In progress',
};

export const KIND_LABELS: Readonly<Record<Task['__typename'], string>> = {
  LipSyncTask: 'Lip-sync',
  VoiceTask: 'Voice',
};

type FailureCode = NonNullable<Task['failure']>['code'];

/** The meaning of each failure for the user, and what to do about it. */
export const FAILURE_WORDS: Readonly<Record<FailureCode, { readonly title: string; readonly advice: string }>> = {
  CANCELLED: { title: 'Taken back', advice: 'It was never sent, and nothing was charged.' },
  CONTENT_REJECTED: {
    title: 'Refused by Kling’s content policy',
    advice: 'The same video and sound will be refused again. Try others.',
  },
  CREATE_OUTCOME_UNKNOWN: {
    title: 'Kling’s answer was lost',
    advice: 'It may have been made and charged. Look at the account at Kling before you try again.',
  },
  DEADLINE_EXCEEDED: { title: 'It took too long', advice: 'It may still be charged. Try again later.' },
  INPUT_REJECTED: {
    title: 'Kling could not use the video or the sound',
    advice: 'Check format, length, size and quality.',
  },
  TASK_LOST_AT_KLING: {
    title: 'Kling has lost the task',
    advice: 'It may have been charged. Ask an operator whether the gateway’s keys have changed.',
  },
  NO_RESULT: {
    title: 'Kling finished without a result',
    advice: 'It may have been charged. Look at the account at Kling before you try again.',
  },
  NOT_SENT: { title: 'No slot came free in time', advice: 'Nothing was charged. Try again.' },
  FACE_ANGLE: {
    title: 'The face is turned too far away',
    advice: 'Choose a video that shows the face from the front.',
  },
  AUDIO_UNREADABLE: { title: 'The audio could not be read', advice: 'Convert the audio to MP3 or WAV.' },
  MULTIPLE_SPEAKERS: { title: 'More than one person speaks', advice: 'Use a recording of one person.' },
  RATE_LIMITED: { title: 'Kling was too busy', advice: 'Try again in a few minutes.' },
  NO_FACE_DETECTED: { title: 'No usable face was found', advice: 'Choose a video that shows a face clearly.' },
  NO_HUMAN_DETECTED: { title: 'No person was found in the video', advice: 'Choose a video that shows a person.' },
  QUOTA_EXHAUSTED: { title: 'No units were left', advice: 'An operator has to add units before a new attempt.' },
  UNKNOWN: { title: 'Kling gave no clear reason', advice: 'Its own words are below.' },
  UPSTREAM_ERROR: { title: 'Kling failed', advice: 'The reason is at Kling. Try again.' },
  UPSTREAM_MISCONFIGURED: { title: 'Kling refused the gateway', advice: 'Only an operator can mend it.' },
};

/** Whether the task never changes again. */
export function isFinal({ status }: Pick<Task, 'status'>): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED';
}

/** The prefix of external ids that the studio creates, which mean nothing to users. */
const OWN_ID_PREFIX = 'studio-';

/** Returns the title of a task: the external id that its creator chose, or its kind. */
export function titleOf({ __typename, externalId }: Pick<Task, '__typename' | 'externalId'>): string {
  return externalId === null || externalId.startsWith(OWN_ID_PREFIX) ? KIND_LABELS[__typename] : externalId;
}

/** Creates an external id for one attempt. A repeat with the same id creates no second task. */
export function newExternalId(): string {
  return `${OWN_ID_PREFIX}${crypto.randomUUID()}`;
}
