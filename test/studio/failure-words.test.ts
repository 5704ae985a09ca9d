import { describe, it } from 'vitest';
import { failureWordsOf } from '../../src/studio/tasks/task-words.ts';
import { TASK_FAILURE_CODES } from '../../src/domain/failure.ts';

describe('the words for a failed task', () => {
  it.for(TASK_FAILURE_CODES)('never name a video or a face if a voice fails with %s', (code, { expect }) => {
    const { title, advice } = failureWordsOf(code, 'VoiceTask');
    expect(`${title} ${advice}`.replaceAll('MP4 or MOV', '')).not.toMatch(/\b(?:video|face)s?\b/i);
  });

  it('name the video and the audio if a lip-sync cannot use them', ({ expect }) => {
    expect(failureWordsOf('INPUT_REJECTED', 'LipSyncTask').title).toBe('Kling couldn’t use the video or the audio');
    expect(failureWordsOf('INPUT_REJECTED', 'VoiceTask').title).toBe('Kling couldn’t use the recording');
  });
});
