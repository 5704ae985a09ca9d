import { describe, it } from 'vitest';
import { createKeepNewest } from '../../src/studio/api/cache.ts';

const task = (id: string, second: number, status: string) => ({
  id,
  status,
  updatedAt: `2026-11-21T12:00:0${second}.000Z`,
});

describe('the newest state of a task', () => {
  it('replaces an older state that arrives later', ({ expect }) => {
    const keepNewest = createKeepNewest();
    keepNewest({ taskUpdates: { cursor: 'c', task: task('a', 5, 'SUCCEEDED') } });
    const list = { tasks: { edges: [{ node: task('a', 3, 'PROCESSING') }, { node: task('b', 1, 'QUEUED') }] } };
    expect(keepNewest(list)).toEqual({
      tasks: { edges: [{ node: task('a', 5, 'SUCCEEDED') }, { node: task('b', 1, 'QUEUED') }] },
    });
  });

  it('does not change newer states and other data', ({ expect }) => {
    const keepNewest = createKeepNewest();
    keepNewest({ task: task('a', 1, 'QUEUED') });
    expect(keepNewest({ task: task('a', 2, 'PROCESSING') })).toEqual({ task: task('a', 2, 'PROCESSING') });
    expect(keepNewest({ viewer: { scopes: ['a'], expiresAt: null } })).toEqual({
      viewer: { scopes: ['a'], expiresAt: null },
    });
    expect(keepNewest(null)).toBe(null);
  });
});
