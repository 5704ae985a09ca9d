import { useEffect, useState } from 'react';
import { checkInlineAudio } from '../../domain/audio.ts';
import { issuesOf } from '../../domain/check.ts';
import type { ReadyFile } from '../files/use-upload.ts';

/** The chosen audio. `durationMs` is null if this browser cannot read it. */
export interface ChosenAudio {
  readonly source:
    | { readonly mediaId: string }
    | { readonly url: string }
    | { readonly base64: string }
    | { readonly klingAudioId: string };
  readonly name: string;
  readonly durationMs: number | null;
  /** Where the browser can play it. Null if its bytes are in `source`. */
  readonly playUrl: string | null;
  /** The loudness over time, 0 to 1. Empty if the audio cannot be decoded. */
  readonly peaks: readonly number[];
}

export type ReadAudio =
  | { readonly ok: true; readonly audio: ChosenAudio }
  | { readonly ok: false; readonly problem: string };

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

/** Reads the waveform of an audio file that is uploaded. Without the file, `usePeaks` reads it. */
export async function readUploadedAudio(
  { mediaId, name, durationMs, playUrl }: ReadyFile,
  file: File | null,
): Promise<ChosenAudio> {
  const decoded = file === null ? null : await decodeAudio(await file.arrayBuffer());
  return {
    source: { mediaId },
    name,
    durationMs: durationMs ?? decoded?.durationMs ?? null,
    playUrl,
    peaks: decoded?.peaks ?? [],
  };
}

/** Reads an audio file, and checks it by the gateway's rules before it is sent. */
export async function readAudioFile(file: File): Promise<ReadAudio> {
  const base64 = await toBase64(file);
  const checked = checkInlineAudio(base64, []);
  const [issue] = issuesOf(checked);
  if (!checked.ok) return { ok: false, problem: `This file ${issue?.message ?? 'cannot be used'}.` };
  const decoded = await decodeAudio(await file.arrayBuffer());
  return {
    ok: true,
    audio: {
      source: { base64 },
      name: file.name,
      playUrl: null,
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
  return { source: { url }, name, playUrl: url, durationMs: await promise, peaks: [] };
}

/** Returns where the browser can play the audio. Null without audio, and if there is no URL. */
export function useAudioUrl(audio: ChosenAudio | null): string | null {
  const [made, setMade] = useState<string | null>(null);
  const base64 = audio !== null && 'base64' in audio.source ? audio.source.base64 : null;
  useEffect(() => {
    if (base64 === null) return undefined;
    const url = URL.createObjectURL(new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))]));
    setMade(url);
    return () => {
      setMade(null);
      URL.revokeObjectURL(url);
    };
  }, [base64]);
  return audio === null ? null : (audio.playUrl ?? made);
}

/** The number of bars of a waveform. */
const PEAKS = 96;

/** Returns the loudest sample of each of 96 equal parts, relative to the loudest of all: 0 to 1. Silence stays flat. */
export function peaksOf(samples: Float32Array): readonly number[] {
  const peaks = Array.from({ length: PEAKS }, (_, index) => {
    const from = Math.floor((index * samples.length) / PEAKS);
    const to = Math.max(from + 1, Math.floor(((index + 1) * samples.length) / PEAKS));
    return samples.subarray(from, to).reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  });
  const loudest = Math.max(...peaks, SILENCE);
  return peaks.map((peak) => peak / loudest);
}

/** Quieter audio is not made to look loud. */
const SILENCE = 0.01;

/** Returns the waveform of the audio. Empty until it is read, and for audio that this page may not fetch or decode. */
export function usePeaks(audio: ChosenAudio | null): readonly number[] {
  const [read, setRead] = useState<ReadonlyMap<string, readonly number[]>>(new Map());
  const url = audio === null || audio.peaks.length > 0 ? null : audio.playUrl;
  // The content security policy allows files of the gateway only.
  const isOwn = url !== null && new URL(url).origin === location.origin;
  const wanted = isOwn && !read.has(url) ? url : null;
  useEffect(() => {
    if (wanted === null) return undefined;
    const left = new AbortController();
    async function note(file: string): Promise<void> {
      const peaks = await decodeUrl(file);
      if (!left.signal.aborted) setRead((last) => new Map(last).set(file, peaks));
    }
    void note(wanted);
    return () => left.abort();
  }, [wanted]);
  return url === null ? (audio?.peaks ?? []) : (read.get(url) ?? []);
}

async function decodeUrl(url: string): Promise<readonly number[]> {
  try {
    const answer = await fetch(url);
    return answer.ok ? ((await decodeAudio(await answer.arrayBuffer()))?.peaks ?? []) : [];
  } catch {
    // The connection was lost. The audio can be used without a waveform.
    return [];
  }
}

interface DecodedAudio {
  readonly durationMs: number;
  readonly peaks: readonly number[];
}

/** The rate at which audio is decoded for a waveform. A lower one needs less memory. */
const DECODE_RATE = 8_000;

/** Decodes audio. Returns null for a format that the browser does not support. */
export async function decodeAudio(bytes: ArrayBuffer): Promise<DecodedAudio | null> {
  try {
    const decoded = await new OfflineAudioContext(1, 1, DECODE_RATE).decodeAudioData(bytes);
    return { durationMs: Math.floor(decoded.duration * 1000), peaks: peaksOf(decoded.getChannelData(0)) };
  } catch {
    return null;
  }
}
