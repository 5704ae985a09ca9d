import type { Slice, Upstream, Window } from '../domain/ports.ts';
import type { Voice } from '../domain/voice.ts';
import { badUserInput } from '../errors.ts';

/** A window of Kling's library. Throws `BAD_USER_INPUT` for a cursor that is not from here, and whatever `upstream` throws. */
export async function presetVoicesIn(upstream: Upstream, { first, after }: Window): Promise<Slice<Voice>> {
  const place = after === null ? null : parseCursor(after);
  const voices = await upstream.presetVoices();
  const start = place === null ? 0 : startAfter(place, voices);
  return {
    edges: voices.slice(start, start + first).map((node, at) => ({ cursor: toCursor(start + at, node), node })),
    hasNextPage: voices.length > start + first,
  };
}

/** A voice of Kling's library by its id; null when it is not there. */
export async function findPresetVoice(upstream: Upstream, voiceId: string): Promise<Voice | null> {
  const voices = await upstream.presetVoices();
  return voices.find((voice) => voice.voiceId === voiceId) ?? null;
}

/** Where a voice stood in the library, from 0. */
interface Place {
  readonly index: number;
  readonly voiceId: string;
}

/** Right after the voice, wherever it stands now; without it, where it would have been. */
function startAfter({ index, voiceId }: Place, voices: readonly Voice[]): number {
  const now = voices.findIndex((voice) => voice.voiceId === voiceId);
  return now === -1 ? index : now + 1;
}

const CURSOR_CHARS_MAX = 1_000;

function toCursor(index: number, { voiceId }: Voice): string {
  return `library:${index}:${voiceId}`;
}

function parseCursor(cursor: string): Place {
  const match = cursor.length > CURSOR_CHARS_MAX ? null : /^library:(0|[1-9]\d{0,5}):([^]+)$/.exec(cursor);
  if (match === null) throw badUserInput([{ path: ['after'], message: 'is not a cursor of this list' }]);
  return { index: Number(match[1]), voiceId: match[2] ?? '' };
}
