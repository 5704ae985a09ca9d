import type { GatewayContext } from '../context.ts';
import type { Slice, Upstream, Window } from '../domain/ports.ts';
import type { Voice } from '../domain/voice.ts';
import { badUserInput } from '../errors.ts';

/** Fixed, so that a cursor means the same whatever `first` was. No less than the largest window: two reads always suffice. */
const UPSTREAM_PAGE_SIZE = 100;
/** Kling's limit for `pageNum` (custom voice page, 2026-09). */
const UPSTREAM_PAGE_MAX = 1000;

/** Where to go on in Kling's list: `page` counts from 1, `index` from 0. Kling may put several voices where one is due, so a page may be longer than its size. */
interface Position {
  readonly page: number;
  readonly index: number;
}

/**
 * A window of Kling's library, with at most two reads. A page that is not full is the last one. Throws `BAD_USER_INPUT`
 * for a cursor that is not from here, and whatever `upstream` throws.
 */
export async function readPresetVoices(upstream: Upstream, { first, after }: Window): Promise<Slice<Voice>> {
  const start = after === null ? { page: 1, index: 0 } : parseCursor(after);
  const found: { cursor: string; node: Voice }[] = [];
  // One more than asked for tells whether there is a next page.
  for (let { page, index } = start; page <= UPSTREAM_PAGE_MAX && found.length <= first; page += 1, index = 0) {
    const { items } = await upstream.listPresetVoices({ page, pageSize: UPSTREAM_PAGE_SIZE });
    const isLast = items.length < UPSTREAM_PAGE_SIZE;
    for (const [offset, node] of items.slice(index).entries()) {
      const next = index + offset + 1;
      found.push({
        cursor: toCursor(next < items.length || isLast ? { page, index: next } : { page: page + 1, index: 0 }),
        node,
      });
    }
    if (isLast) break;
  }
  return { edges: found.slice(0, first), hasNextPage: found.length > first };
}

/** A cursor names the place behind its voice. */
function toCursor({ page, index }: Position): string {
  return `preset:${page}:${index}`;
}

function parseCursor(cursor: string): Position {
  const match = /^preset:([1-9]\d{0,3}):(0|[1-9]\d{0,5})$/.exec(cursor);
  if (match === null) throw badUserInput([{ path: ['after'], message: 'is not a cursor of this list' }]);
  return { page: Number(match[1]), index: Number(match[2]) };
}

/** The most that Kling gives on one page. Its library is far smaller, so that one read tells whether a voice is in it. */
const LIBRARY_PAGE_SIZE = 1000;

/** One read of the library a request, however many voices it asks for. */
const libraries = new WeakMap<GatewayContext, Promise<ReadonlyMap<string, Voice>>>();

/** A voice of Kling's library by its id; null when it is not there. */
export async function findPresetVoice(context: GatewayContext, voiceId: string): Promise<Voice | null> {
  const library = libraries.get(context) ?? readLibrary(context.upstream);
  libraries.set(context, library);
  return (await library).get(voiceId) ?? null;
}

async function readLibrary(upstream: Upstream): Promise<ReadonlyMap<string, Voice>> {
  const { items } = await upstream.listPresetVoices({ page: 1, pageSize: LIBRARY_PAGE_SIZE });
  return new Map(items.map((voice) => [voice.voiceId, voice]));
}
