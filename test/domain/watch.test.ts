import { describe, it } from 'vitest';
import { isEnd, isWatched, type Watch } from '../../src/domain/ports.ts';
import { lipSyncTask, voiceTask } from '../support/fake-ledger.ts';

const ALL: Watch = { task: null, filter: { kind: null, statuses: [] } };

function watch(id: string | null, filter: Partial<Watch['filter']> = {}): Watch {
  return { task: id === null ? null : { id, kind: 'VOICE' }, filter: { ...ALL.filter, ...filter } };
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

it.for<[name: string, watch: Watch, status: 'SUCCEEDED' | 'PROCESSING', ends: boolean]>([
  ['ends with the last change of its one task', watch('v'), 'SUCCEEDED', true],
  ['ends with a last change that its filter hides', watch('v', { statuses: ['FAILED'] }), 'SUCCEEDED', true],
  ['goes on after another change of its task', watch('v'), 'PROCESSING', false],
  ['goes on after the end of another task', watch('w'), 'SUCCEEDED', false],
  ['of all tasks never ends', ALL, 'SUCCEEDED', false],
])('a watch %s', ([, its, status, ends], { expect }) => {
  expect(isEnd(its, voiceTask('v', { status }))).toBe(ends);
});
