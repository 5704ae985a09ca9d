import { checkInlineAudio } from '../../domain/audio.ts';
import { issuesOf } from '../../domain/check.ts';

/** The chosen audio. `durationMs` is null if this browser cannot read it. */
export interface ChosenAudio {
  readonly source: { readonly url: string } | { readonly base64: string } | { readonly klingAudioId: string };
  readonly name: string;
  readonly durationMs: number | null;
  /** The loudness over time, 0 to 1. Empty if the audio cannot be decoded. */
  readonly peaks: readonly number[];
}

export type ReadAudio =
  | { readonly ok: true; readonly audio: ChosenAudio }
  | { readonly ok: false; readonly problem: string };

const PEAKS = 96;

function toBase64(file: File): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const reader = new FileReader();
  reader.addEventListener('load', () => {
    const url = typeof reader.result === 'string' ? reader.result : '';
    resolve(url.slice(url.indexOf(',') + 1));
  });
  reader.addEventListener('error', () => reject(reader.error ?? new Error('the file cannot be read')));
  reader.readAsDataURL(file);
  return promise;
}

function peaksOf(samples: Float32Array): readonly number[] {
  const size = Math.max(1, Math.floor(samples.length / PEAKS));
  const peaks = Array.from({ length: PEAKS }, (_, index) =>
    samples.subarray(index * size, (index + 1) * size).reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0),
  );
  const loudest = Math.max(...peaks, 0.01);
  return peaks.map((peak) => peak / loudest);
}

/** Decodes audio. Returns null for a format that the browser does not support. */
async function decode(bytes: ArrayBuffer): Promise<{ durationMs: number; peaks: readonly number[] } | null> {
  try {
    const decoded = await new OfflineAudioContext(1, 1, 44_100).decodeAudioData(bytes);
    return { durationMs: Math.floor(decoded.duration * 1000), peaks: peaksOf(decoded.getChannelData(0)) };
  } catch {
    return null;
  }
}

/** Reads an audio file, and checks it by the gateway's rules before it is sent. */
export async function readAudioFile(file: File): Promise<ReadAudio> {
  const base64 = await toBase64(file);
  const checked = checkInlineAudio(base64, []);
  const [issue] = issuesOf(checked);
  if (!checked.ok) return { ok: false, problem: `This file ${issue?.message ?? 'cannot be used'}.` };
  const decoded = await decode(await file.arrayBuffer());
  return {
    ok: true,
    audio: {
      source: { base64 },
      name: file.name,
      durationMs: checked.value.durationMs ?? decoded?.durationMs ?? null,
      peaks: decoded?.peaks ?? [],
    },
  };
}

/** Reads the length of audio at a URL. The length is null if the browser cannot play it. */
export async function readAudioUrl(url: string): Promise<ChosenAudio> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const audio = new Audio();
  audio.preload = 'metadata';
  audio.addEventListener('loadedmetadata', () =>
    resolve(Number.isFinite(audio.duration) ? Math.floor(audio.duration * 1000) : null),
  );
  audio.addEventListener('error', () => resolve(null));
  audio.src = url;
  const name = new URL(url).pathname.split('/').at(-1) ?? url;
  return { source: { url }, name, durationMs: await promise, peaks: [] };
}
