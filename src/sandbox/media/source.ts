import { isRecord } from '../settings.ts';
import { measure, type Measured, type Readable } from './measure.ts';
import { openRemote } from './remote-file.ts';

/** The file of a call, as far as it could be read. Null if its name says its measures. */
export type Source = { readonly measured: Measured } | { readonly problem: 'unreachable' | 'unreadable' } | null;

/** The most bytes of a video, and of audio for a lip-sync. */
export const videoBytesMax = 100_000_000;
export const audioBytesMax = 5 * 1024 * 1024;

/** Measures the file that a call brings or names. Fetches URLs only if `fetches`. The endpoint refuses the call later. */
export async function readSource(call: URL, body: string, fetches: boolean): Promise<Source> {
  const path = call.pathname;
  const input = path in readers ? parse(body) : null;
  const text = input === null ? null : readers[path]?.(input);
  if (input === null || typeof text !== 'string') return null;
  if (URL.canParse(text)) {
    const callbackUrl = input['callback_url'];
    const gateway = typeof callbackUrl === 'string' && URL.canParse(callbackUrl) ? new URL(callbackUrl).origin : null;
    return fetches && isFetched(new URL(text), call, gateway) ? await readUrl(text) : null;
  }
  const bytes = path === lipSync ? toBytes(text) : null;
  return bytes === null ? null : await readBytes(bytes);
}

const lipSync = '/v1/videos/advanced-lip-sync';

/** The field of each endpoint that has a file. */
const readers: Readonly<Record<string, (input: Record<string, unknown>) => unknown>> = {
  '/v1/videos/identify-face': (input) => input['video_url'],
  '/v1/general/custom-voices': (input) => input['voice_url'],
  [lipSync]: ({ face_choose: choices }) => {
    const choice: unknown = Array.isArray(choices) ? choices[0] : null;
    return isRecord(choice) ? choice['sound_file'] : null;
  },
};

function parse(body: string): Record<string, unknown> | null {
  try {
    const input: unknown = JSON.parse(body);
    return isRecord(input) ? input : null;
  } catch {
    return null;
  }
}

/** Whether the sandbox fetches a URL: on this computer, on the host it was called at itself, or at the gateway. */
function isFetched(url: URL, self: URL, gateway: string | null): boolean {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  return isLoopback(url.hostname) || url.hostname === self.hostname || url.origin === gateway;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^127(\.\d+){3}$/.test(host) || host === '[::1]';
}

async function readUrl(url: string): Promise<Source> {
  const file = await openRemote(url);
  if (file === null) return { problem: 'unreachable' };
  if (file.bytes > videoBytesMax) return { measured: tooLarge(file) };
  try {
    const measured = await measure(file);
    return measured === null ? { problem: 'unreadable' } : { measured };
  } catch {
    return { problem: 'unreachable' };
  }
}

/** The measures of a file that is refused for its size, before anything else is known. */
function tooLarge({ bytes }: Readable): Measured {
  return { format: 'mp4', bytes, durationMs: 10_000, width: 1280, height: 720, hasSound: true };
}

/** Decodes base64. Null for other texts, and for more than a lip-sync's audio may have. */
function toBytes(text: string): Uint8Array | null {
  if (text.length > Math.ceil(audioBytesMax / 3) * 4) return null;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

async function readBytes(bytes: Uint8Array): Promise<Source> {
  const measured = await measure({ bytes: bytes.byteLength, read: async (start, end) => bytes.subarray(start, end) });
  if (measured !== null) return { measured };
  // Tests send bytes that only start like audio. They count as 5 s.
  return startsLikeAudio(bytes) ? null : { problem: 'unreadable' };
}

function startsLikeAudio(bytes: Uint8Array): boolean {
  const ascii = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  const [first = 0, second = 0] = bytes;
  return (
    ascii(0, 3) === 'ID3' ||
    ascii(8, 12) === 'WAVE' ||
    ascii(4, 8) === 'ftyp' ||
    (first === 0xff && (second & 0xe0) === 0xe0)
  );
}
