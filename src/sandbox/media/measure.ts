import type { CustomSource, Input } from 'mediabunny';

/** A file that can be read in parts. */
export interface Readable {
  readonly bytes: number;
  /** Returns the bytes from `start` to before `end`. */
  readonly read: (start: number, end: number) => Promise<Uint8Array>;
}

/** The measures of a file. */
export interface Measured {
  /** As in Kling's lists of accepted files. An MP4 without a picture is an `m4a`. */
  readonly format: 'mp4' | 'mov' | 'mp3' | 'wav' | 'm4a' | 'aac';
  readonly bytes: number;
  readonly durationMs: number;
  /** Pixels as shown, after rotation. 0 without a picture. */
  readonly width: number;
  readonly height: number;
  readonly hasSound: boolean;
}

/** Measures a file. Null if it is of no type that Kling accepts, or is damaged. Throws what `read` throws. */
export async function measure({ bytes, read }: Readable): Promise<Measured | null> {
  // Loaded with the first file, because it is large.
  const library = await import('mediabunny');
  library.Logging.level = library.LogLevel.Silent;
  const failed: unknown[] = [];
  const source: CustomSource = new library.CustomSource({
    getSize: () => bytes,
    async read(start, end) {
      try {
        return await read(start, end);
      } catch (error) {
        failed.push(error);
        throw error;
      }
    },
  });
  const { MP4, QTFF, MP3, WAVE, ADTS } = library;
  const input = new library.Input({ formats: [MP4, QTFF, WAVE, ADTS, MP3], source });
  try {
    return await readTracks(input, bytes);
  } catch {
    if (failed.length > 0) throw failed[0];
    return null;
  } finally {
    input.dispose();
  }
}

async function readTracks(input: Input, bytes: number): Promise<Measured | null> {
  const type = await input.getFormat();
  const video = await input.getPrimaryVideoTrack();
  const audio = await input.getPrimaryAudioTrack();
  const main = video ?? audio;
  const format = extensions[type.name];
  if (format === undefined || main === null) return null;
  const durationMs = Math.round((await main.computeDuration()) * 1000);
  if (!(durationMs > 0)) return null;
  return {
    format: format === 'mp4' && video === null ? 'm4a' : format,
    bytes,
    durationMs,
    width: (await video?.getDisplayWidth()) ?? 0,
    height: (await video?.getDisplayHeight()) ?? 0,
    hasSound: audio !== null,
  };
}

/** The extensions of the library's formats, by their names. */
const extensions: Readonly<Record<string, Measured['format']>> = {
  MP4: 'mp4',
  'QuickTime File Format': 'mov',
  MP3: 'mp3',
  WAVE: 'wav',
  ADTS: 'aac',
};
