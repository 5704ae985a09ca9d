import { describe, it } from 'vitest';
import { durationMs } from '../../src/studio/tasks/usual-time.ts';

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
