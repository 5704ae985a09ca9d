/**
 * Measures files by mediabunny.
 *
 * Only `inspect.ts` imports this file, and only at the first file, so that a cold start does not evaluate the library. The
 * names that are imported here are the parts of the library in the script: an `import('mediabunny')` would add all of it.
 *
 * @module
 */

import { BufferSource, CustomSource, Input, Logging, LogLevel, MP3, MP4, QTFF, WAVE } from 'mediabunny';
import { adtsDurationMs } from '../domain/audio.ts';
import type { MediaExtension, MediaFacts } from '../domain/media.ts';
import { bytesOf, type Index } from './index-boxes.ts';

// Warnings of the library have text from files.
Logging.level = LogLevel.Silent;

/**
 * Measures an MP4 or MOV whose index was checked. Returns the end of the sentence "this …" if it has no track or length.
 * Throws what the library throws for a damaged file.
 *
 * The length is that of the first video track, or else of the first audio track, as its edit list shows it.
 */
export async function measureMovie(index: Index, bytes: number, isQuickTime: boolean): Promise<MediaFacts | string> {
  const source = new CustomSource({ getSize: () => bytes, read: (start, end) => bytesOf(index.pieces, start, end) });
  const input = new Input({ formats: [MP4, QTFF], source });
  try {
    const tracks = await input.getTracks();
    const video = tracks.find((track) => track.isVideoTrack());
    const audio = tracks.find((track) => track.isAudioTrack());
    const main = video ?? audio;
    if (main === undefined) return 'has no video track and no audio track';
    const codecs: string[] = [];
    for (const track of [video, audio]) {
      if (track !== undefined) codecs.push(codecName((await track.getCodec()) ?? (await track.getInternalCodecId())));
    }
    const endSeconds = await main.computeDuration();
    const firstSeconds = await main.getFirstTimestamp();
    const shownSeconds = index.shownSeconds.get(main.id) ?? Infinity;
    const durationMs = wholeMs(Math.min(endSeconds - Math.max(0, firstSeconds), shownSeconds));
    if (durationMs === null) return NO_LENGTH;
    const sound = isQuickTime ? 'mov' : 'm4a';
    const picture = isQuickTime ? 'mov' : 'mp4';
    return {
      extension: video === undefined ? sound : picture,
      durationMs,
      width: video === undefined ? null : await video.getDisplayWidth(),
      height: video === undefined ? null : await video.getDisplayHeight(),
      codecs,
      hasAudio: audio !== undefined,
    };
  } finally {
    input.dispose();
  }
}

/** Measures an MP3, WAV or ADTS file by all its frames. Returns and throws as `measureMovie` does. */
export async function measureAudio(bytes: Uint8Array, isWave: boolean): Promise<MediaFacts | string> {
  // mediabunny 1.61 loops for ever on an ADTS frame of 0 bytes.
  const adtsMs = adtsDurationMs(bytes);
  if (adtsMs !== null) return audioFacts('aac', 'aac', adtsMs / 1000);
  const source = new BufferSource(isWave ? withoutTags(bytes) : bytes);
  const input = new Input({ formats: [isWave ? WAVE : MP3], source });
  try {
    const track = (await input.canRead()) ? await input.getPrimaryAudioTrack() : null;
    if (track === null) return 'is no audio that could be recognised';
    return audioFacts(isWave ? 'wav' : 'mp3', codecName(await track.getCodec()), await track.computeDuration());
  } finally {
    input.dispose();
  }
}

const NO_LENGTH = 'has no readable length';

function audioFacts(extension: MediaExtension, codec: string, seconds: number): MediaFacts | string {
  const durationMs = wholeMs(seconds);
  if (durationMs === null) return NO_LENGTH;
  return { extension, durationMs, width: null, height: null, codecs: [codec], hasAudio: true };
}

/** Returns null for a length that is no number, or longer than a day. A file without samples has a length of 0. */
function wholeMs(seconds: number): number | null {
  const ms = Math.round(seconds * 1000);
  return ms > 0 && ms <= 86_400_000 ? ms : null;
}

/** Returns a codec as the library names it, or the four letters in the file. */
function codecName(name: string | number | Uint8Array | null): string {
  return typeof name === 'string' && /^[\w.-]{1,16}$/.test(name.trim()) ? name.trim() : 'unknown';
}

/** The names of a WAV's chunks of tags: LIST, ID3 and id3. */
const TAGS: ReadonlySet<number> = new Set([0x4c49_5354, 0x4944_3320, 0x6964_3320]);

/**
 * Returns a copy of a WAV whose chunks of tags are renamed, because the library unpacks large ones on the stack. Samples may
 * change too, but are not read.
 */
function withoutTags(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  let code = 0;
  for (let at = 0; at < copy.length; at += 1) {
    code = ((code << 8) | (copy[at] ?? 0)) >>> 0;
    if (TAGS.has(code)) copy.fill(0x2d, at - 3, at + 1);
  }
  return copy;
}
