import { describe, it } from 'vitest';
import { costOf, durationMs, expectedMs, failureWordsOf } from '../../src/studio/tasks/task-words.ts';
import { shownCodeOf, TASK_FAILURE_CODES } from '../../src/domain/failure.ts';

describe('the words for a failed task', () => {
  it.for(TASK_FAILURE_CODES)('never name a video or a face if a voice fails with %s', (code, { expect }) => {
    const { title, advice } = failureWordsOf(shownCodeOf(code), 'VoiceTask');
    expect(`${title} ${advice}`.replaceAll('MP4 or MOV', '')).not.toMatch(/\b(?:video|face)s?\b/i);
  });

  it('name the video and the audio if a lip-sync cannot use them', ({ expect }) => {
    expect(failureWordsOf('INPUT_REJECTED', 'LipSyncTask').title).toBe('Kling couldn’t use the video or the audio');
    expect(failureWordsOf('INPUT_REJECTED', 'VoiceTask').title).toBe('Kling couldn’t use the recording');
  });
});

describe('the cost of a task', () => {
  it.for([
    ['is an upper limit while the length of the video is unknown', 'LipSyncTask', '6', null, 'At most 6 units'],
    ['is an upper limit with a scan and a speech, too', 'LipSyncTask', '6.1', null, 'At most 6.1 units'],
    ['is an estimate once the length is known', 'LipSyncTask', '1', null, 'About 1 unit'],
    ['is an estimate for a voice', 'VoiceTask', '0.05', null, 'About 0.05 units'],
    ['is the charge as soon as Kling reports it', 'LipSyncTask', '6', '1', '1 unit'],
    ['is unknown without an estimate', 'LipSyncTask', null, null, null],
  ] as const)('%s', ([, __typename, unitsEstimated, unitsCharged, cost], { expect }) => {
    expect(costOf({ __typename, status: 'PROCESSING', unitsEstimated, unitsCharged })).toBe(cost);
  });

  it('is nothing if it was cancelled', ({ expect }) => {
    const task = { __typename: 'LipSyncTask', status: 'CANCELLED', unitsEstimated: '6', unitsCharged: null } as const;
    expect(costOf(task)).toBe('0 units');
  });
});

describe('the duration of a task', () => {
  const createdAt = '2026-11-21T12:00:00.000Z';

  it('ends with the task, not with a label that it gets later', ({ expect }) => {
    const task = { createdAt, endedAt: '2026-11-21T12:00:42.000Z', updatedAt: '2026-11-22T09:00:00.000Z' };
    expect(durationMs(task)).toBe(42_000);
  });

  it('ends with the last change if the end is not recorded', ({ expect }) => {
    expect(durationMs({ createdAt, endedAt: null, updatedAt: '2026-11-21T12:00:05.000Z' })).toBe(5000);
  });
});

describe('the expected duration of a task', () => {
  it.for([
    ['2026-11-21T12:00:42.000Z', 42_000],
    [null, null],
  ] as const)('that ends at %s is %s ms', ([estimatedEndAt, expected], { expect }) => {
    expect(expectedMs({ createdAt: '2026-11-21T12:00:00.000Z', estimatedEndAt })).toBe(expected);
  });
});
