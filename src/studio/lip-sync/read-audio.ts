import { useEffect, useState } from 'react';
import { checkInlineAudio } from '../../domain/audio.ts';
import { issuesOf } from '../../domain/check.ts';
import type { ReadyFile } from '../files/use-upload.ts';
import { decodeAudio } from '../files/waveform.ts';

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

/** Reads the waveform of an audio file that is uploaded. */
export async function readUploadedAudio(
  { mediaId, name, durationMs, playUrl }: ReadyFile,
  file: File,
): Promise<ChosenAudio> {
  const decoded = await decodeAudio(await file.arrayBuffer());
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
