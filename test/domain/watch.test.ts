import { describe, it } from 'vitest';
import { isWatched, type Watch } from '../../src/domain/ports.ts';
import { lipSyncTask, voiceTask } from '../support/fake-ledger.ts';

const ALL: Watch = { taskId: null, filter: { kind: null, statuses: [] } };

function watch(taskId: string | null, filter: Partial<Watch['filter']> = {}): Watch {
  return { taskId, filter: { ...ALL.filter, ...filter } };
}

describe('isWatched, for a voice task that succeeded', () => {
  it.for<[name: string, watch: Watch, watched: boolean]>([
    ['all tasks', ALL, true],
    ['the task', watch('v'), true],
    ['another task', watch('w'), false],
    ['voices', watch(null, { kind: 'VOICE' }), true],
    ['lip-syncs', watch(null, { kind: 'LIP_SYNC' }), false],
    ['the task as a lip-sync', watch('v', { kind: 'LIP_SYNC' }), false],
    ['its status', watch(null, { statuses: ['SUCCEEDED'] }), true],
    ['its status and others', watch(null, { statuses: ['FAILED', 'SUCCEEDED'] }), true],
    ['other statuses', watch(null, { statuses: ['FAILED', 'PROCESSING'] }), false],
    ['the task in another status', watch('v', { statuses: ['FAILED'] }), false],
    ['voices in another status', watch(null, { kind: 'VOICE', statuses: ['FAILED'] }), false],
    ['voices in its status', watch(null, { kind: 'VOICE', statuses: ['SUCCEEDED'] }), true],
  ])('is checked for a watch of %s', ([, its, watched], { expect }) => {
    expect(isWatched(its, voiceTask('v'))).toBe(watched);
  });
});

it('isWatched tells lip-syncs from voices', ({ expect }) => {
  expect(isWatched(watch(null, { kind: 'LIP_SYNC' }), lipSyncTask('l'))).toBe(true);
  expect(isWatched(watch(null, { kind: 'VOICE' }), lipSyncTask('l'))).toBe(false);
});
