import face1 from './files/face-1.png';
import face2 from './files/face-2.png';
import face10s from './files/face-10s.mp4';
import face5s from './files/face-5s.mp4';
import twoFaces10s from './files/two-faces-10s.mp4';
import twoFaces5s from './files/two-faces-5s.mp4';
import voice12s from './files/voice-12s.mp3';
import watermark10s from './files/watermark-10s.mp4';
import watermark5s from './files/watermark-5s.mp4';
import { readAudioMs, readVideoHints } from './hints.ts';

/** One file that the sandbox serves. */
export interface MediaFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The videos, made by src/scripts/example-media.ts: 1280 x 720 pixels, H.264 and AAC. */
const videos = {
  face: { 5000: face5s, 10_000: face10s },
  twoFaces: { 5000: twoFaces5s, 10_000: twoFaces10s },
  watermark: { 5000: watermark5s, 10_000: watermark10s },
} as const;

/** Finds the file of `/files/examples/<name>`. Its measures are those of its name. Null if no file has this length. */
export function findExample(name: string): MediaFile | null {
  if (name.endsWith('.mp3')) return cutAudio(readAudioMs(name));
  if (!name.endsWith('.mp4')) return null;
  const { durationMs } = readVideoHints(name);
  if (durationMs !== 5000 && durationMs !== 10_000) return null;
  return toVideo(videos[name.includes('two-faces') ? 'twoFaces' : 'face'][durationMs]);
}

/** Finds the file of `/files/<kind>/<name>`: a result of any id. Videos exist in 5 s and 10 s, so the nearer one is served. */
export function findResult(kind: string, name: string): MediaFile | null {
  switch (`${kind} ${name.slice(name.lastIndexOf('.'))}`) {
    case 'video .mp4': {
      const nearest = readVideoHints(name).durationMs < 7500 ? 5000 : 10_000;
      return toVideo(videos[name.includes('-watermark') ? 'watermark' : 'face'][nearest]);
    }
    case 'image .png':
      return { type: 'image/png', bytes: new Uint8Array(name.endsWith('-2.png') ? face2 : face1) };
    case 'audio .mp3':
      return cutAudio(readAudioMs(name));
    default:
      return null;
  }
}

function toVideo(file: ArrayBuffer): MediaFile {
  return { type: 'video/mp4', bytes: new Uint8Array(file) };
}

/** The frames of the MP3: 24 kbit/s and 24 kHz, without a reservoir of bits, so each can be decoded alone. */
const frameMs = 24;
const frameBytes = 72;
const audioMaxMs = 120_000;

/** Cuts or repeats the speech to a length. It is longer by less than one frame. Null if it is longer than two minutes. */
function cutAudio(durationMs: number): MediaFile | null {
  if (durationMs === 0 || durationMs > audioMaxMs) return null;
  const speech = new Uint8Array(voice12s);
  const bytes = new Uint8Array(Math.ceil(durationMs / frameMs) * frameBytes);
  for (let offset = 0; offset < bytes.byteLength; offset += speech.byteLength) {
    bytes.set(speech.subarray(0, bytes.byteLength - offset), offset);
  }
  return { type: 'audio/mpeg', bytes };
}
