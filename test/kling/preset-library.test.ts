import { describe, it } from 'vitest';
import type { Voice } from '../../src/domain/task.ts';
import { GatewayError } from '../../src/errors.ts';
import {
  createPresetLibrary,
  LIBRARY_FRESH_MS,
  LIBRARY_LAST_GOOD_MS,
  type ReadPresetPage,
} from '../../src/kling/voices.ts';
import { KlingError } from '../../src/kling/errors.ts';
import { createUpstream, refusal } from './support.ts';

const voice = (voiceId: string): Voice => ({ voiceId, name: '', trialUrl: null, owner: 'KLING', ownerId: null });

/** The voices of each item that Kling sends. */
type Items = readonly (readonly string[])[];

/** A Kling with these items, at most `cap` per page. `asked` holds every requested page. */
function createKling(items: Items, cap = 1_000) {
  const asked: number[] = [];
  const readPage: ReadPresetPage = async ({ page, pageSize }) => {
    asked.push(page);
    const size = Math.min(pageSize, cap);
    const sent = items.slice((page - 1) * size, page * size);
    return { items: sent.map((ids) => ({ voices: ids.map(voice) })), klingRequestId: 'r' };
  };
  return { asked, readPage };
}

function createLibrary(readAlone: ReadPresetPage) {
  const clock = { nowMs: 1_790_000_000_000 };
  const background: Promise<unknown>[] = [];
  const library = createPresetLibrary({
    readPage: readAlone,
    now: () => clock.nowMs,
    background: (work) => void background.push(work().catch(() => {})),
  });
  const ids = async (readPage: ReadPresetPage) => (await library.voices(readPage)).map(({ voiceId }) => voiceId);
  return { clock, ids, settle: () => Promise.all(background), refreshes: () => background.length };
}

const one = (n: number) => Array.from({ length: n }, (_, i) => [`v${i}`]);
const never: ReadPresetPage = () => Promise.reject(new Error('it was read'));

describe('reading the library', () => {
  it.for<[name: string, items: Items, cap: number, pages: number]>([
    ['when it is empty', [], 1_000, 1],
    ['when it is smaller than a page', one(36), 1_000, 2],
    ['when it is as large as a page', one(100), 1_000, 2],
    ['when it has several pages', one(207), 1_000, 4],
    ['when Kling caps its pages at 30', one(207), 30, 8],
    ['when an item holds no voice', [...one(50), [], ['last']], 1_000, 2],
    ['when a whole page holds no voice', [...Array.from({ length: 100 }, () => []), ['last']], 1_000, 3],
    ['when items hold several voices', [['a', 'b'], ['c'], ['d', 'e', 'f']], 2, 3],
    ['when items repeat a voice', [['a'], ['b'], ['a'], ['c']], 2, 3],
  ])('finds every voice once: %s', async ([, items, cap, pages], { expect }) => {
    const { asked, readPage } = createKling(items, cap);
    expect(await createLibrary(never).ids(readPage)).toEqual([...new Set(items.flat())]);
    expect(asked).toEqual(Array.from({ length: pages }, (_, i) => i + 1));
  });

  it('ends if Kling sends the same page for every number', async ({ expect }) => {
    const { asked, readPage } = createKling(one(36));
    expect(await createLibrary(never).ids((request) => readPage({ ...request, page: 1 }))).toHaveLength(36);
    expect(asked).toHaveLength(2);
  });

  it('ends if Kling refuses the page after the last', async ({ expect }) => {
    const { client, requests } = createUpstream([
      JSON.stringify({ code: 0, data: [{ task_result: { voices: [{ voice_id: 'a' }] } }, { task_result: {} }] }),
      refusal(1201, 400, 'pageNum: out of range'),
    ]);
    expect(await createLibrary(never).ids((page) => client.listPresetVoices(page))).toEqual(['a']);
    expect(requests).toHaveLength(2);
  });

  it('ends after 50 pages without voices', async ({ expect }) => {
    const pages: number[] = [];
    const readPage: ReadPresetPage = async ({ page }) => {
      pages.push(page);
      return { items: [{ voices: [] }], klingRequestId: null };
    };
    expect(await createLibrary(never).ids(readPage)).toEqual([]);
    expect(pages).toHaveLength(50);
  });

  it('throws if any page fails', async ({ expect }) => {
    const { client } = createUpstream([
      JSON.stringify({ code: 0, data: [{ task_result: { voices: [{ voice_id: 'a' }] } }] }),
      refusal(1103, 403),
    ]);
    await expect(createLibrary(never).ids((page) => client.listPresetVoices(page))).rejects.toBeInstanceOf(KlingError);
  });
});

describe('the cached library', () => {
  it('is read once in five minutes, and then refreshed once after an answer', async ({ expect }) => {
    const kling = createKling(one(3));
    const { clock, ids, settle, refreshes } = createLibrary(kling.readPage);
    await ids(kling.readPage);
    clock.nowMs += LIBRARY_FRESH_MS - 1;
    expect(await ids(never)).toHaveLength(3);
    expect([kling.asked.length, refreshes()]).toEqual([2, 0]);
    clock.nowMs += 1;
    for (let i = 0; i < 20; i += 1) expect(await ids(never)).toHaveLength(3);
    await settle();
    expect([kling.asked.length, refreshes()]).toEqual([4, 1]);
    clock.nowMs += LIBRARY_FRESH_MS - 1;
    await ids(never);
    expect(refreshes()).toBe(1);
  });

  it('is served for a day while Kling is down, with a refresh every 30 s', async ({ expect }) => {
    let asked = 0;
    const down: ReadPresetPage = () => ((asked += 1), Promise.reject(new Error('down')));
    const { clock, ids, settle } = createLibrary(down);
    await ids(createKling(one(3)).readPage);
    clock.nowMs += LIBRARY_FRESH_MS;
    for (let second = 0; second < 60; second += 1) {
      expect(await ids(never)).toHaveLength(3);
      clock.nowMs += 1_000;
    }
    await settle();
    expect(asked).toBe(2);
    clock.nowMs += LIBRARY_LAST_GOOD_MS - LIBRARY_FRESH_MS - 60_000 - 1;
    expect(await ids(never)).toHaveLength(3);
    clock.nowMs += 1;
    await expect(ids(down)).rejects.toThrow('down');
  });

  it('does not wait for a refresh that hangs', async ({ expect }) => {
    const { clock, ids } = createLibrary(() => new Promise(() => {}));
    await ids(createKling(one(3)).readPage);
    clock.nowMs += LIBRARY_FRESH_MS;
    expect(await ids(never)).toHaveLength(3);
  });

  it('is not cached if it is empty', async ({ expect }) => {
    const { ids } = createLibrary(never);
    expect(await ids(createKling([]).readPage)).toEqual([]);
    expect(await ids(createKling(one(3)).readPage)).toHaveLength(3);
  });

  it('is not requested for 5 s after a failure at Kling', async ({ expect }) => {
    const { clock, ids } = createLibrary(never);
    const failure = { code: 'UPSTREAM_UNAVAILABLE', message: 'Kling is down.', retryable: true } as const;
    await expect(ids(() => Promise.reject(new KlingError('UNKNOWN', failure)))).rejects.toBeInstanceOf(KlingError);
    clock.nowMs += 1_000;
    await expect(ids(never)).rejects.toMatchObject({ failure: { ...failure, retryAfterMs: 4_000 } });
    clock.nowMs += 4_000;
    expect(await ids(createKling(one(3)).readPage)).toHaveLength(3);
  });

  it('can be read by one tenant if another is over its rate', async ({ expect }) => {
    const { ids } = createLibrary(never);
    const limited = new GatewayError({ code: 'RATE_LIMITED', message: 'too many', retryable: true });
    await expect(ids(() => Promise.reject(limited))).rejects.toBe(limited);
    expect(await ids(createKling(one(3)).readPage)).toHaveLength(3);
  });
});
