import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MediaKind } from '../../src/domain/media.ts';
import type { IssueCode } from '../../src/errors.ts';
import { box, join as joinBytes, movie, u32, zeros } from '../support/mp4.ts';

/** The expected verdict: the codes of all problems, and the facts if the file can be read. */
interface Verdict {
  readonly kind: MediaKind;
  readonly codes: readonly IssueCode[];
  /** As in `3000 1280x720 avc aac`, or `3000 mp3`. */
  readonly facts: string | null;
}

/** A file, and its verdict. */
export interface MediaFile extends Verdict {
  readonly name: string;
  /** Returns the path. The file is made at the first call on this machine. */
  path(): Promise<string>;
}

/** The arguments of ffmpeg without the output, or a function of files that were made before. */
type Recipe = string | ((bytesOf: (name: string) => Promise<Buffer>) => Promise<Uint8Array>);

type Row = readonly [name: string, codes: string, facts: string | null, recipe: Recipe];

/** A grey picture costs almost nothing to encode. */
const grey = (size: string, seconds: number, rate = 10) => `-f lavfi -i color=c=gray:s=${size}:r=${rate}:d=${seconds}`;
const tone = (seconds: number, rate = 44_100) =>
  `-f lavfi -i sine=frequency=440:sample_rate=${rate}:duration=${seconds}`;
const AVC = '-c:v libx264 -preset ultrafast -crf 45 -pix_fmt yuv420p';
const AAC = '-c:a aac -b:a 32k';
const HD = `${grey('1280x720', 3)} ${tone(3)} ${AVC} ${AAC}`;
const silent = (size: string, seconds = 3, rate = 10) => `${grey(size, seconds, rate)} ${AVC}`;

const part = (name: string, from: number, to: number) => async (bytesOf: (name: string) => Promise<Buffer>) => {
  const bytes = await bytesOf(name);
  return bytes.subarray(Math.floor(bytes.length * from), Math.floor(bytes.length * to));
};
const renamed = (name: string) => part(name, 0, 1);

/** Appends a box of zeros, so that the file has a given size. */
const padded = (name: string, size: number) => async (bytesOf: (name: string) => Promise<Buffer>) => {
  const bytes = await bytesOf(name);
  return Buffer.concat([bytes, box('free', zeros(size - bytes.length - 8))]);
};

/** The same bytes on every machine, which look like nothing. */
async function noise(): Promise<Uint8Array> {
  const blocks = Array.from({ length: 4000 }, (_, at) => createHash('sha256').update(`${at}`).digest());
  return Buffer.concat([Buffer.from([0x01]), ...blocks]);
}

const VIDEOS: readonly Row[] = [
  ['end.mp4', '', '3000 1280x720 avc aac', HD],
  ['start.mp4', '', '3000 1280x720 avc aac', `${HD} -movflags +faststart`],
  ['plain.mov', '', '3000 1280x720 avc aac', HD],
  ['pcm.mov', '', '3000 1280x720 avc pcm-s16', `${grey('1280x720', 3)} ${tone(3)} ${AVC} -c:a pcm_s16le`],
  ['portrait.mp4', '', '3000 720x1280 avc', silent('720x1280')],
  ['1080p.mp4', '', '3000 1920x1080 avc', silent('1920x1080')],
  ['1080p-portrait.mp4', '', '3000 1080x1920 avc', silent('1080x1920')],
  ['square.mp4', '', '3000 960x960 avc', silent('960x960')],
  ['widest.mp4', '', '3000 2160x1080 avc', silent('2160x1080')],
  ['flattest.mp4', '', '3000 1280x512 avc', silent('1280x512')],
  ['rotated-90.mp4', '', '3000 720x1280 avc aac', '-i {end.mp4} -c copy -metadata:s:v rotate=90'],
  ['rotated-180.mov', '', '3000 1280x720 avc aac', '-i {plain.mov} -c copy -metadata:s:v rotate=180'],
  ['wide-pixels.mp4', '', '3000 1280x720 avc', `${grey('960x720', 3)} ${AVC} -aspect 16:9`],
  [
    'hevc.mp4',
    '',
    '3000 1280x720 hevc',
    `${grey('1280x720', 3)} -c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1`,
  ],
  ['mpeg4.mp4', '', '3000 1280x720 mp4v', `${grey('1280x720', 3)} -c:v mpeg4`],
  ['mp3-sound.mp4', '', '3000 1280x720 avc mp3', `${grey('1280x720', 3)} ${tone(3)} ${AVC} -c:a libmp3lame`],
  [
    'variable-rate.mp4',
    '',
    '4400 1280x720 avc',
    `${grey('1280x720', 3)} -vf setpts=N*(1+mod(N\\,3))/20/TB ${AVC} -vsync vfr`,
  ],
  [
    'fragments.mp4',
    '',
    '3000 1280x720 avc',
    `${silent('1280x720')} -g 10 -movflags frag_keyframe+empty_moov+default_base_moof`,
  ],
  ['fragment-per-frame.mp4', '', '3000 1280x720 avc', `${silent('1280x720')} -movflags frag_every_frame+empty_moov`],
  ['fragments-sound.mp4', '', '3023 1280x720 avc aac', `${HD} -g 10 -movflags frag_keyframe+empty_moov`],
  ['segments.mp4', '', '3000 1280x720 avc', `${silent('1280x720')} -g 10 -movflags +dash+global_sidx+frag_keyframe`],
  [
    'b-frames.mp4',
    '',
    '3000 1280x720 avc',
    `-f lavfi -i testsrc=s=1280x720:r=10:d=3 -c:v libx264 -preset veryfast -bf 3 -crf 45 -pix_fmt yuv420p`,
  ],
  ['cut-by-edit-list.mp4', '', '2450 1280x720 avc aac', '-ss 0.55 -i {end.mp4} -c copy'],
  ['late-sound.mp4', '', '3000 1280x720 avc aac', '-i {end.mp4} -itsoffset 0.7 -i {end.mp4} -map 0:v -map 1:a -c copy'],
  [
    'two-pictures.mp4',
    '',
    '3000 1280x720 avc',
    '-i {portrait.mp4} -i {1080p.mp4} -i {end.mp4} -map 2:v -map 0:v -map 1:v -c copy',
  ],
  ['tagged.mp4', '', '3000 1280x720 avc aac', '-i {end.mp4} -c copy -metadata title=keys -metadata comment=meta'],
  ['shortest.mp4', '', '2000 1280x720 avc', silent('1280x720', 2)],
  ['longest.mp4', '', '60000 1280x720 avc', silent('1280x720', 60)],
  ['largest.mp4', '', '3000 1280x720 avc aac', padded('end.mp4', 100_000_000)],
  ['frame-too-short.mp4', 'TOO_SHORT', '1900 1280x720 avc', silent('1280x720', 1.9)],
  ['frame-too-long.mp4', 'TOO_LONG', '60100 1280x720 avc', silent('1280x720', 60.1)],
  [
    'frame-too-long-fragments.mp4',
    'TOO_LONG',
    '60100 1280x720 avc',
    '-i {frame-too-long.mp4} -c copy -movflags frag_keyframe+empty_moov',
  ],
  ['byte-too-large.mp4', 'FILE_TOO_LARGE', '3000 1280x720 avc aac', padded('end.mp4', 100_000_001)],
  ['vga.mp4', 'UNSUPPORTED_RESOLUTION UNSUPPORTED_RESOLUTION', '3000 640x480 avc', silent('640x480')],
  ['too-flat.mp4', 'UNSUPPORTED_RESOLUTION', '3000 1280x510 avc', silent('1280x510')],
  ['too-wide.mp4', 'UNSUPPORTED_RESOLUTION', '3000 2162x1080 avc', silent('2162x1080')],
  ['4k.mp4', 'UNSUPPORTED_RESOLUTION UNSUPPORTED_RESOLUTION', '3000 3840x2160 avc', silent('3840x2160', 3, 2)],
  ['xga.mp4', 'UNSUPPORTED_RESOLUTION', '3000 1024x768 avc', silent('1024x768')],
  [
    'all-wrong.mov',
    'TOO_SHORT UNSUPPORTED_RESOLUTION UNSUPPORTED_RESOLUTION',
    '1000 320x240 avc',
    silent('320x240', 1),
  ],
  ['sound-only.mp4', 'UNSUPPORTED_FORMAT', '3000 aac', `${tone(3)} ${AAC}`],
  ['webm.mp4', 'UNSUPPORTED_FORMAT', null, `${grey('1280x720', 1)} -c:v libvpx -deadline realtime -f webm`],
  ['matroska.mp4', 'UNSUPPORTED_FORMAT', null, '-i {end.mp4} -c copy -f matroska'],
  ['avi.mov', 'UNSUPPORTED_FORMAT', null, '-i {end.mp4} -c copy -f avi'],
  ['transport-stream.mp4', 'UNSUPPORTED_FORMAT', null, '-i {end.mp4} -c copy -f mpegts'],
  ['mp3.mp4', 'UNSUPPORTED_FORMAT', null, renamed('plain.mp3')],
  ['picture.mp4', 'UNSUPPORTED_FORMAT', null, `${grey('1280x720', 1)} -frames:v 1 -f image2pipe -c:v png`],
  ['animation.mp4', 'UNSUPPORTED_FORMAT', null, `${grey('320x240', 1)} -f gif`],
  ['page.mp4', 'UNSUPPORTED_FORMAT', null, () => Promise.resolve(Buffer.from('<!doctype html><title>404</title>'))],
  ['archive.mp4', 'UNSUPPORTED_FORMAT', null, () => Promise.resolve(Buffer.from('PK\x03\x04not really'))],
  ['noise.mp4', 'UNSUPPORTED_FORMAT', null, noise],
  ['empty.mp4', 'UNSUPPORTED_FORMAT', null, () => Promise.resolve(zeros(0))],
  ['half-end.mp4', 'UNSUPPORTED_FORMAT', null, part('end.mp4', 0, 0.5)],
  ['half-start.mp4', 'UNSUPPORTED_FORMAT', null, part('start.mp4', 0, 0.5)],
  ['half-fragments.mp4', 'UNSUPPORTED_FORMAT', null, part('fragments.mp4', 0, 0.5)],
  ['second-half.mp4', 'UNSUPPORTED_FORMAT', null, part('end.mp4', 0.5, 1)],
  ['byte-missing.mp4', 'UNSUPPORTED_FORMAT', null, async (bytesOf) => (await bytesOf('start.mp4')).subarray(0, -1)],
  ['zeroed-index.mp4', 'UNSUPPORTED_FORMAT', null, async (bytesOf) => (await bytesOf('start.mp4')).fill(0, 200, 1200)],
  [
    'claims-samples.mp4',
    'UNSUPPORTED_FORMAT',
    null,
    () => Promise.resolve(movie({ times: [1, 0xffff_ffff, 1], tables: box('ctts', u32(0, 1, 0xffff_ffff, 0)) })),
  ],
  ['no-time-units.mp4', 'UNSUPPORTED_FORMAT', null, () => Promise.resolve(movie({ timescale: 0 }))],
];

const AUDIO: readonly Row[] = [
  ['plain.mp3', '', '3030 mp3', `${tone(3)} -c:a libmp3lame -b:a 64k`],
  ['variable.mp3', '', '3030 mp3', `${tone(3)} -c:a libmp3lame -q:a 9`],
  ['variable-without-index.mp3', '', '3030 mp3', `${tone(3)} -c:a libmp3lame -q:a 9 -write_xing 0`],
  [
    'tagged.mp3',
    '',
    '3030 mp3',
    '-i {plain.mp3} -i {picture.mp4} -map 0 -map 1 -c copy -id3v2_version 3 -metadata title=tone',
  ],
  ['low-rate.mp3', '', '3096 mp3', `${tone(3, 16_000)} -c:a libmp3lame -b:a 8k`],
  ['plain.wav', '', '3000 pcm-s16', tone(3)],
  ['24-bit.wav', '', '3000 pcm-s24', `${tone(3)} -c:a pcm_s24le`],
  ['float.wav', '', '3000 pcm-f32', `${tone(3)} -c:a pcm_f32le`],
  ['odd.wav', '', '3000 pcm-u8', `${tone(3, 11_025)} -c:a pcm_u8 -metadata title=odd`],
  ['streamed.wav', '', '3000 pcm-s16', async (bytesOf) => withUnknownSizes(await bytesOf('plain.wav'))],
  ['half.wav', 'TOO_SHORT', '1500 pcm-s16', part('plain.wav', 0, 0.5)],
  ['plain.m4a', '', '3000 aac', `${tone(3)} ${AAC}`],
  ['sound-only-as-audio.mp4', '', '3000 aac', renamed('sound-only.mp4')],
  ['fragments.m4a', '', '3023 aac', `${tone(3)} ${AAC} -movflags frag_keyframe+empty_moov`],
  ['lossless.m4a', '', '3000 alac', `${tone(3)} -c:a alac`],
  ['plain.aac', '', '3042 aac', `${tone(3)} ${AAC}`],
  ['low-rate.aac', '', '3072 aac', `${tone(3, 16_000)} ${AAC}`],
  ['shortest.wav', '', '2000 pcm-s16', tone(2, 16_000)],
  ['longest.wav', '', '60000 pcm-s16', tone(60, 16_000)],
  ['longest.m4a', '', '60000 aac', `${tone(60, 16_000)} ${AAC}`],
  ['largest.wav', '', '52083 pcm-s16', async () => wavOfSize(5_000_000)],
  ['too-short.wav', 'TOO_SHORT', '1999 pcm-s16', tone(1.999, 16_000)],
  ['too-long.wav', 'TOO_LONG', '60001 pcm-s16', tone(60.001, 16_000)],
  ['frame-too-long.mp3', 'TOO_LONG', '60048 mp3', `${tone(60, 24_000)} -c:a libmp3lame -b:a 32k`],
  ['frame-too-long.aac', 'TOO_LONG', '60096 aac', `${tone(60, 16_000)} ${AAC}`],
  ['byte-too-large.wav', 'FILE_TOO_LARGE', null, async () => wavOfSize(5_000_001)],
  ['picture.mp3', 'UNSUPPORTED_FORMAT', null, renamed('picture.mp4')],
  ['video.m4a', 'UNSUPPORTED_FORMAT', '3000 1280x720 avc aac', renamed('end.mp4')],
  ['ogg.mp3', 'UNSUPPORTED_FORMAT', null, `${tone(3)} -c:a libvorbis -f ogg`],
  ['opus.m4a', 'UNSUPPORTED_FORMAT', null, `${tone(3)} -c:a libopus -f webm`],
  ['flac.wav', 'UNSUPPORTED_FORMAT', null, `${tone(3)} -f flac`],
  ['adpcm.wav', 'UNSUPPORTED_FORMAT', null, `${tone(3)} -c:a adpcm_ms`],
  ['half.m4a', 'UNSUPPORTED_FORMAT', null, part('plain.m4a', 0, 0.5)],
  ['noise.mp3', 'UNSUPPORTED_FORMAT', null, noise],
  ['text.wav', 'UNSUPPORTED_FORMAT', null, () => Promise.resolve(Buffer.from('once upon a time, '.repeat(500)))],
  [
    'frames-of-0-bytes.aac',
    'UNSUPPORTED_FORMAT',
    null,
    () => Promise.resolve(Buffer.alloc(7000, Buffer.from([0xff, 0xf1, 0x50, 0x80, 0, 0, 0]))),
  ],
  ['empty.mp3', 'UNSUPPORTED_FORMAT', null, () => Promise.resolve(zeros(0))],
];

/** As a recorder writes a WAV to a pipe: it cannot go back to write the sizes. */
function withUnknownSizes(wav: Buffer): Uint8Array {
  wav.fill(0xff, 4, 8);
  const data = wav.indexOf('data');
  return wav.fill(0xff, data + 4, data + 8);
}

const little = (value: number) => u32(value).toReversed();

/** Returns a WAV of silence: 48,000 samples of 16 bits a second. */
function wavOfSize(size: number): Uint8Array {
  const format = joinBytes(
    'fmt ',
    little(16),
    Uint8Array.of(1, 0, 1, 0),
    little(48_000),
    little(96_000),
    Uint8Array.of(2, 0, 16, 0),
  );
  return joinBytes('RIFF', little(size - 8), 'WAVE', format, 'data', little(size - 44), zeros(size - 44));
}

/** One folder for each version of this file, in which files are made once. */
const folder = join(
  tmpdir(),
  `media-files-${createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .digest('hex')
    .slice(0, 16)}`,
);

const rows = new Map<string, Row>([...VIDEOS, ...AUDIO].map((row) => [row[0], row]));
const made = new Map<string, Promise<string>>();

function pathOf(name: string): Promise<string> {
  const known = made.get(name) ?? make(name);
  made.set(name, known);
  return known;
}

const bytesOf = async (name: string): Promise<Buffer> => readFileSync(await pathOf(name));

async function make(name: string): Promise<string> {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const recipe = rows.get(name)?.[3];
  if (recipe === undefined) throw new Error(`no recipe for ${name}`);
  // Written aside and renamed, so that a run that is stopped leaves no half of a file.
  const draft = join(folder, `${process.pid}-${name}`);
  if (typeof recipe === 'string') {
    const args: string[] = [];
    for (const word of recipe.split(' ')) {
      args.push(word.startsWith('{') ? await pathOf(word.slice(1, -1)) : word);
    }
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...args, draft]);
  } else {
    writeFileSync(draft, await recipe(bytesOf));
  }
  renameSync(draft, path);
  return path;
}

const fileOf =
  (kind: MediaKind) =>
  ([name, codes, facts]: Row): MediaFile => ({
    name,
    kind,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the tables above hold only codes, and a test compares them
    codes: codes.split(' ').filter((code) => code !== '') as IssueCode[],
    facts,
    path: () => pathOf(name),
  });

/** All files. ffmpeg makes them in about 20 s. */
export const MEDIA_FILES: readonly MediaFile[] = [...VIDEOS.map(fileOf('VIDEO')), ...AUDIO.map(fileOf('AUDIO'))];
