import { requestError } from '../graphql/request-error.ts';
import { type Deadline, startDeadline } from '../lib/deadline.ts';
import type { StartTimer } from '../lib/timer.ts';
import { type Base64Span, createBase64Scan } from './base64-scan.ts';

export interface BodyLimits {
  /** Of a body without its long base64 texts. */
  readonly bytesMax: number;
  /** Of a body as a whole. */
  readonly largeBytesMax: number;
}

/** What the clock is asked. */
interface BodyDeps {
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/** A body that is within its limits. */
export interface Body {
  readonly bytes: Uint8Array;
  /** The long base64 texts in it; none in a body that is not large. */
  readonly spans: readonly Base64Span[];
}

/** A body as large as any has 15 s to arrive; one with base64 texts 45 s more. */
export const BODY_MS_MAX = 15_000;
export const LARGE_BODY_MORE_MS_MAX = 45_000;

/** Taken before anything has come: whoever sends nothing must not take much. */
const CHUNK_BYTES_MAX = 131_072;

/**
 * The whole body. Throws a request error when it is too large, whatever its content-length says (413): in memory are at
 * most `bytesMax` bytes, one chunk, and what may be base64. Also when it is too slow (408), breaks off or is not UTF-8 (400).
 * The body of a request made of a stream has to be one of bytes.
 */
export async function readBody(request: Request, limits: BodyLimits, deps: BodyDeps): Promise<Body> {
  const { bytesMax, largeBytesMax } = limits;
  const said = request.headers.get('content-length');
  if (Number(said ?? 0) > largeBytesMax) throw tooLarge(limits);
  if (request.body === null) return { bytes: new Uint8Array(), spans: [] };
  if (said !== null && Number(said) <= bytesMax) return await readWhole(request, limits, deps);
  const reader = request.body.getReader({ mode: 'byob' });
  const chunkBytes = Math.min(bytesMax, CHUNK_BYTES_MAX);
  const chunks: Uint8Array[] = [];
  const scan = createBase64Scan();
  let size = 0;
  let deadline = startDeadline({ timeoutMs: BODY_MS_MAX, ...deps });
  try {
    for (;;) {
      const chunk = await next(reader, chunkBytes, deadline);
      const wasLarge = size > bytesMax;
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size > largeBytesMax) throw tooLarge(limits);
      if (size > bytesMax) {
        for (const part of wasLarge ? [chunk] : chunks) scan.push(part);
        if (scan.otherBytes() > bytesMax) throw tooLarge(limits);
      }
      // What is not filled is the last one.
      if (chunk.byteLength < chunkBytes) return { bytes: joined(chunks, size), spans: scan.spans() };
      if (size > bytesMax && !wasLarge) {
        deadline.stop();
        deadline = startDeadline({ timeoutMs: LARGE_BODY_MORE_MS_MAX, ...deps });
      }
    }
  } catch (error) {
    // The rest is of no interest, and neither is how giving it up ends.
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    deadline.stop();
  }
}

/** A body that says it is not large: HTTP ends it where it says. */
async function readWhole(request: Request, limits: BodyLimits, deps: BodyDeps): Promise<Body> {
  const deadline = startDeadline({ timeoutMs: BODY_MS_MAX, ...deps });
  try {
    const bytes = new Uint8Array(await deadline.race(request.arrayBuffer()).catch((): never => lost(deadline)));
    if (bytes.byteLength > limits.bytesMax) throw tooLarge(limits);
    return { bytes, spans: [] };
  } finally {
    deadline.stop();
  }
}

export function notUtf8() {
  return requestError('BAD_USER_INPUT', 'The body must be UTF-8.', 400);
}

/** A body that is refused for its size. */
export function tooLarge({ bytesMax, largeBytesMax }: BodyLimits) {
  const rest =
    largeBytesMax > bytesMax
      ? ` A sound in base64, on one line, in the variables of a mutation that takes one is not counted, up to ${largeBytesMax} bytes in all.`
      : '';
  return requestError('BAD_USER_INPUT', `The body must not be larger than ${bytesMax} bytes.${rest}`, 413);
}

declare global {
  interface ReadableStreamBYOBReader {
    /** workerd's own: a standard read answers with whatever has come. */
    readAtLeast<T extends ArrayBufferView>(minElements: number, view: T): Promise<ReadableStreamReadResult<T>>;
  }
}

/** So many bytes, or what is left. A read of workerd's own size is 4 KB: 7 MB of these take three times the CPU. */
async function next(reader: ReadableStreamBYOBReader, bytes: number, deadline: Deadline): Promise<Uint8Array> {
  const reading = reader.readAtLeast(bytes, new Uint8Array(bytes));
  const { value } = await deadline.race(reading).catch((): never => lost(deadline));
  return value ?? new Uint8Array();
}

function lost(deadline: Deadline): never {
  throw deadline.isOver()
    ? requestError('BAD_USER_INPUT', 'The body did not arrive in time.', 408)
    : requestError('BAD_USER_INPUT', 'The body broke off.', 400);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
