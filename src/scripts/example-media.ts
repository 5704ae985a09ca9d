/**
 * `node src/scripts/example-media.ts`: makes the media files of the sandbox, in src/sandbox/media/files.
 *
 * Two drawn people speak with synthetic voices, so no real person is seen or heard. Their mouths open as far as the voice
 * is loud. Needs ffmpeg with libx264 and libmp3lame, espeak-ng, and Chromium (`CHROMIUM_PATH`) for the drawing.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

const OUT = join(import.meta.dirname, '../sandbox/media/files');
const TMP = mkdtempSync(join(tmpdir(), 'example-media-'));

const WIDTH = 1280;
const HEIGHT = 720;
const FRAMES_PER_SECOND = 20;
/** An MP3 frame of this rate lasts 24 ms. At 24 kbit/s it has 72 bytes, so the sandbox can cut the file anywhere. */
const SAMPLES_PER_SECOND = 24_000;
/** Describes the samples to ffmpeg. */
const PCM = `-f s16le -ar ${SAMPLES_PER_SECOND} -ac 1`;
/** 12 s. The encoder adds two frames. */
const MP3_FRAMES = 500;

interface Look {
  readonly voice: string;
  readonly skin: string;
  readonly hair: string;
  readonly shirt: string;
  readonly isLongHaired: boolean;
}

const ANN: Look = { voice: 'en-us+f3', skin: '#f2c9a4', hair: '#5b3420', shirt: '#2f7f86', isLongHaired: true };
const BOB: Look = { voice: 'en-gb+m3', skin: '#b9805a', hair: '#22201f', shirt: '#c2603f', isLongHaired: false };

function run(program: string, ...args: readonly string[]): Buffer {
  return execFileSync(program, args, { cwd: TMP, maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Runs ffmpeg in the temporary folder, with options separated by blanks. It writes nothing about itself into the file. */
function ffmpeg(options: string, out: string): Buffer {
  const exact = '-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact';
  return run('ffmpeg', ...`-v error -y ${options} ${exact}`.split(' '), out);
}

/** Speaks a text, as fast as it must be for this length. Returns 16-bit samples of exactly this length. */
function speak({ voice }: Look, text: string, ms: number): Buffer {
  const bytes = ((ms * SAMPLES_PER_SECOND) / 1000) * 2;
  const filter = `adelay=200,highpass=f=80,loudnorm=I=-18,apad=whole_dur=${ms}ms`;
  for (let wordsPerMinute = 140; wordsPerMinute <= 210; wordsPerMinute += 10) {
    run('espeak-ng', '-v', voice, '-s', String(wordsPerMinute), '-w', 'speech.wav', text);
    const samples = ffmpeg(`-i speech.wav -af ${filter} -ar ${SAMPLES_PER_SECOND} -ac 1 -f s16le`, '-');
    const isCut = loudnessOf(samples.subarray(bytes)).some((loudness) => loudness > 0.05);
    if (!isCut) return samples.subarray(0, bytes);
  }
  throw new Error(`"${text}" takes longer than ${ms} ms`);
}

/** Returns how loud each frame of a video is, from 0 to 1. */
function loudnessOf(samples: Buffer): readonly number[] {
  const perFrame = SAMPLES_PER_SECOND / FRAMES_PER_SECOND;
  return Array.from({ length: Math.floor(samples.length / 2 / perFrame) }, (_, frame) => {
    let sum = 0;
    for (let index = 0; index < perFrame; index += 1) sum += samples.readInt16LE((frame * perFrame + index) * 2) ** 2;
    return Math.min(1, Math.sqrt(sum / perFrame) / 7000);
  });
}

/** Draws a person whose head is at `x`. `open` is how far the mouth is open; null for a person seen from behind. */
function person(look: Look, x: number, open: number | null, isBlinking: boolean): string {
  const { skin, hair, shirt, isLongHaired } = look;
  const body = `<path d="M${x - 250} 740 Q${x - 235} 560 ${x - 70} 540 L${x + 70} 540 Q${x + 235} 560 ${x + 250} 740 Z" fill="${shirt}"/>
    <rect x="${x - 52}" y="450" width="104" height="115" rx="45" fill="${skin}"/>
    <rect x="${x - 52}" y="450" width="104" height="115" rx="45" fill="#00000018"/>`;
  const longHair = `<path d="M${x - 172} 560 Q${x - 200} 90 ${x} 92 Q${x + 200} 90 ${x + 172} 560 Z" fill="${hair}"/>`;
  if (open === null) {
    const shape = isLongHaired ? longHair : '';
    return `${body}${shape}<path d="M${x - 146} 300 Q${x - 150} 98 ${x} 98 Q${x + 150} 98 ${x + 146} 300 Q${x + 130} 440 ${x + 60} 490 L${x - 60} 490 Q${x - 130} 440 ${x - 146} 300 Z" fill="${hair}"/>`;
  }
  const eye = (side: number): string =>
    isBlinking
      ? `<path d="M${x + side * 56 - 24} 282 q24 12 48 0" fill="none" stroke="#3a2a22" stroke-width="6"/>`
      : `<ellipse cx="${x + side * 56}" cy="280" rx="25" ry="20" fill="#fff"/><circle cx="${x + side * 56}" cy="281" r="12" fill="#3a2a22"/>`;
  const brow = (side: number): string =>
    `<path d="M${x + side * 56 - 30} ${240 - open * 6} q30 -16 60 0" fill="none" stroke="${hair}" stroke-width="9" stroke-linecap="round"/>`;
  const fringe = isLongHaired
    ? `<path d="M${x - 146} 270 Q${x - 130} 108 ${x} 106 Q${x + 130} 108 ${x + 146} 270 Q${x + 100} 165 ${x - 20} 178 Q${x - 110} 185 ${x - 146} 270 Z" fill="${hair}"/>`
    : `<path d="M${x - 142} 250 Q${x - 150} 96 ${x} 98 Q${x + 150} 96 ${x + 142} 250 Q${x + 112} 168 ${x} 166 Q${x - 112} 168 ${x - 142} 250 Z" fill="${hair}"/>`;
  const lips = 5 + open * 26;
  return `${isLongHaired ? longHair : ''}${body}
    <ellipse cx="${x}" cy="300" rx="140" ry="178" fill="${skin}"/>${fringe}${eye(-1)}${eye(1)}${brow(-1)}${brow(1)}
    <path d="M${x - 4} 295 q-22 56 12 58" fill="none" stroke="#0003" stroke-width="7" stroke-linecap="round"/>
    <ellipse cx="${x}" cy="${402 + open * 8}" rx="${54 - open * 10}" ry="${lips}" fill="#7a2f2f"/>
    <ellipse cx="${x}" cy="${402 + open * 8 + lips * 0.5}" rx="${30 - open * 6}" ry="${lips * 0.4}" fill="#d98080"/>`;
}

interface Scene {
  readonly name: string;
  readonly samples: Buffer;
  /** The text in a corner of the picture. */
  readonly mark?: string;
  readonly draw: (open: number, isBlinking: boolean, ms: number) => string;
}

function picture(content: string, mark = '', size = [WIDTH, HEIGHT], view = `0 0 ${WIDTH} ${HEIGHT}`): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}" viewBox="${view}">
    <rect width="${WIDTH}" height="${HEIGHT}" fill="#dfe7e4"/><rect y="600" width="${WIDTH}" height="120" fill="#c3d0cb"/>
    ${content}<text x="${WIDTH - 40}" y="70" text-anchor="end" font-family="sans-serif" font-size="44" fill="#35504a">${mark}</text></svg>`;
}

async function shoot(page: Page, svg: string, path: string): Promise<void> {
  await page.setContent(`<style>body{margin:0}svg{display:block}</style>${svg}`);
  await page.locator('svg').screenshot({ path });
}

async function makeVideo(page: Page, { name, samples, mark, draw }: Scene): Promise<void> {
  writeFileSync(join(TMP, 'sound.pcm'), samples);
  const frames = loudnessOf(samples);
  for (const [index, loudness] of frames.entries()) {
    const isBlinking = index % 58 > 54;
    const svg = picture(draw(loudness, isBlinking, (index * 1000) / FRAMES_PER_SECOND), mark);
    await shoot(page, svg, join(TMP, `frame-${String(index).padStart(4, '0')}.png`));
  }
  const pictures = `-framerate ${FRAMES_PER_SECOND} -i frame-%04d.png`;
  const video = '-c:v libx264 -preset veryslow -tune animation -crf 30 -pix_fmt yuv420p -g 100';
  const length = frames.length / FRAMES_PER_SECOND;
  ffmpeg(
    `${pictures} ${PCM} -i sound.pcm ${video} -c:a aac -b:a 32k -t ${length} -movflags +faststart`,
    join(OUT, name),
  );
}

mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
  const hello = speak(ANN, 'Hello! Nobody real is speaking here. This voice was made by a machine.', 5000);
  const more = speak(ANN, 'You can use it to try things out. Place it on a face, and watch the lips follow.', 5000);
  const question = speak(ANN, 'Welcome to the sandbox. Tell me, what can people do here?', 5000);
  const answer = speak(BOB, 'They can make us say something else. It costs nothing.', 5000);
  const shortQuestion = speak(ANN, 'So, are you real?', 2500);
  const shortAnswer = speak(BOB, 'No. I am a drawing.', 2500);
  const speech = Buffer.concat([hello, more]);

  const alone = (open: number, isBlinking: boolean): string => person(ANN, 640, open, isBlinking);
  /** Each person shows the face while speaking. So a scan finds one face in each half. */
  const interview =
    (halfMs: number) =>
    (open: number, isBlinking: boolean, ms: number): string =>
      person(ANN, 370, ms < halfMs ? open : null, isBlinking) + person(BOB, 910, ms < halfMs ? null : open, isBlinking);

  const scenes: readonly Scene[] = [
    { name: 'two-faces-10s.mp4', samples: Buffer.concat([question, answer]), draw: interview(5000) },
    { name: 'two-faces-5s.mp4', samples: Buffer.concat([shortQuestion, shortAnswer]), draw: interview(2500) },
    { name: 'face-10s.mp4', samples: speech, draw: alone },
    { name: 'face-5s.mp4', samples: hello, draw: alone },
    { name: 'watermark-10s.mp4', samples: speech, mark: 'Sandbox', draw: alone },
    { name: 'watermark-5s.mp4', samples: hello, mark: 'Sandbox', draw: alone },
  ];
  for (const scene of scenes) await makeVideo(page, scene);

  for (const [number, look] of [ANN, BOB].entries()) {
    await shoot(
      page,
      picture(person(look, 640, 0.25, false), '', [256, 256], '400 60 480 480'),
      join(TMP, 'portrait.png'),
    );
    const filter = 'split[a][b];[a]palettegen=64[p];[b][p]paletteuse=dither=none';
    ffmpeg(`-i portrait.png -vf ${filter}`, join(OUT, `face-${number + 1}.png`));
  }

  const last = speak(ANN, 'Thank you for listening.', 2000);
  writeFileSync(join(TMP, 'voice.pcm'), Buffer.concat([speech, last]));
  // Frames without a shared reservoir of bits, so that each can be decoded alone.
  ffmpeg(
    `${PCM} -i voice.pcm -c:a libmp3lame -b:a 24k -reservoir 0 -write_xing 0 -id3v2_version 0`,
    join(TMP, 'voice.mp3'),
  );
  writeFileSync(join(OUT, 'voice-12s.mp3'), readFileSync(join(TMP, 'voice.mp3')).subarray(0, MP3_FRAMES * 72));
  const names = [...scenes.map(({ name }) => name), 'face-1.png', 'face-2.png', 'voice-12s.mp3'];
  for (const name of names) process.stdout.write(`${name}: ${statSync(join(OUT, name)).size} bytes\n`);
} finally {
  await browser.close();
  rmSync(TMP, { recursive: true });
}
