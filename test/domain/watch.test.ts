import { describe, it } from 'vitest';
import { isWatched, type Watch } from '../../src/domain/watch.ts';
import { lipSyncTask, voiceTask } from '../support/fake-ledger.ts';

const ALL: Watch = { taskId: null, filter: { kind: null, statuses: [] } };

function watch(taskId: string | null, filter: Partial<Watch['filter']> = {}): Watch {
  return { taskId, filter: { ...ALL.filter, ...filter } };
}

describe('a change of the voice task "v" that succeeded', () => {
  it.for<[name: string, watch: Watch, watched: boolean]>([
    ['one who watches all', ALL, true],
    ['one who watches it', watch('v'), true],
    ['one who watches another', watch('w'), false],
    ['one who watches voices', watch(null, { kind: 'VOICE' }), true],
    ['one who watches lip-syncs', watch(null, { kind: 'LIP_SYNC' }), false],
    ['one who watches it, as a lip-sync', watch('v', { kind: 'LIP_SYNC' }), false],
    ['one who watches its status', watch(null, { statuses: ['SUCCEEDED'] }), true],
    ['one who watches its status and others', watch(null, { statuses: ['FAILED', 'SUCCEEDED'] }), true],
    ['one who watches other statuses', watch(null, { statuses: ['FAILED', 'PROCESSING'] }), false],
    ['one who watches it in another status', watch('v', { statuses: ['FAILED'] }), false],
    ['one who watches voices in another status', watch(null, { kind: 'VOICE', statuses: ['FAILED'] }), false],
    ['one who watches voices in its status', watch(null, { kind: 'VOICE', statuses: ['SUCCEEDED'] }), true],
  ])('and %s, by what is watched', ([, its, watched], { expect }) => {
    expect(isWatched(its, voiceTask('v'))).toBe(watched);
  });
});

it('a change of a lip-sync is for who watches lip-syncs', ({ expect }) => {
  expect(isWatched(watch(null, { kind: 'LIP_SYNC' }), lipSyncTask('l'))).toBe(true);
  expect(isWatched(watch(null, { kind: 'VOICE' }), lipSyncTask('l'))).toBe(false);
});
