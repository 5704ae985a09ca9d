import { requestError } from '../graphql/request-error.ts';
import { type Deadline, startDeadline } from '../lib/deadline.ts';
import type { StartTimer } from '../lib/timer.ts';

export interface BodyLimits {
  /** Of any body, and of all but the audio in a large one. */
  readonly bytesMax: number;
  /** Of a body with audio in base64. */
  readonly largeBytesMax: number;
}

export interface ReadBodyDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** Called once, as soon as it is known that a body is larger than `bytesMax`. What it throws ends the request. */
  readonly admitLarge: () => Promise<void>;
}

/** A body has 15 s to arrive, or the first `bytesMax` bytes of a large one; the rest of a large one has 45 s more. */
export const BODY_MS_MAX = 15_000;
export const LARGE_BODY_MORE_MS_MAX = 45_000;

/** Allocated before anything has come: a client that sends nothing must not take much. */
const CHUNK_BYTES_MAX = 131_072;

/**
 * Reads the whole body. Throws a request error if it is too large (413), too slow (408) or breaks off (400). A body
 * without a content-length is cut off at `largeBytesMax`; in memory is at most one chunk more.
 * The body of a request made of a stream has to be one of bytes.
 */
export async function readBody(request: Request, limits: BodyLimits, deps: ReadBodyDeps): Promise<Uint8Array> {
  const { bytesMax, largeBytesMax } = limits;
  if (request.body === null) return new Uint8Array();
  const declaredBytes = declaredBytesOf(request);
  if (declaredBytes !== null && declaredBytes <= bytesMax) return await readWhole(request, declaredBytes, deps);
  if (declaredBytes !== null && declaredBytes > largeBytesMax) throw tooLarge(limits);
  if (declaredBytes !== null) await deps.admitLarge();
  return await readChunks(request.body, limits, deps, declaredBytes !== null);
}

/** What the request says of its length; null if it does not say. */
function declaredBytesOf({ headers }: Request): number | null {
  const bytes = Number(headers.get('content-length') ?? Number.NaN);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : null;
}

/** Reads a body that says that it is small: HTTP ends it where it says. */
async function readWhole(
  request: Request,
  declaredBytes: number,
  { now, startTimer }: ReadBodyDeps,
): Promise<Uint8Array> {
  const deadline = startDeadline({ timeoutMs: BODY_MS_MAX, now, startTimer });
  try {
    const bytes = new Uint8Array(await deadline.race(request.arrayBuffer()).catch((): never => lost(deadline)));
    if (bytes.byteLength > declaredBytes) throw requestError('BAD_USER_INPUT', 'The content-length is wrong.', 400);
    return bytes;
  } finally {
    deadline.stop();
  }
}

/**
 * Counts the bytes of a body while they come. Trade-off: for a large body of known length `arrayBuffer` is one call, but
 * workerd then holds it several times; four at once took 720 to 840 MB, and 280 to 360 MB in chunks.
 */
async function readChunks(
  body: ReadableStream<Uint8Array>,
  limits: BodyLimits,
  { now, startTimer, admitLarge }: ReadBodyDeps,
  isAdmitted: boolean,
): Promise<Uint8Array> {
  const { bytesMax, largeBytesMax } = limits;
  const reader = body.getReader({ mode: 'byob' });
  const chunkBytes = Math.min(bytesMax, CHUNK_BYTES_MAX);
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isLarge = isAdmitted;
  const timeoutMs = isAdmitted ? BODY_MS_MAX + LARGE_BODY_MORE_MS_MAX : BODY_MS_MAX;
  let deadline = startDeadline({ timeoutMs, now, startTimer });
  try {
    for (;;) {
      const chunk = await next(reader, chunkBytes, deadline);
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size > bytesMax && size > largeBytesMax) throw tooLarge(limits);
      if (size > bytesMax && !isLarge) {
        isLarge = true;
        deadline.stop();
        await admitLarge();
        deadline = startDeadline({ timeoutMs: LARGE_BODY_MORE_MS_MAX, now, startTimer });
      }
      // A chunk that is not full is the last one.
      if (chunk.byteLength < chunkBytes) return joined(chunks, size);
    }
  } catch (error) {
    // How the rest ends is of no interest.
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    deadline.stop();
  }
}

/** A body that is refused for its size. `reason`: what is wrong with a large one. */
export function tooLarge({ bytesMax, largeBytesMax }: BodyLimits, reason = '') {
  const large = ` Audio in base64 in the variables of a mutation that takes it is not counted, up to ${largeBytesMax} bytes in all.`;
  const message = `The body must not be larger than ${bytesMax} bytes.${largeBytesMax > bytesMax ? large : ''}`;
  return requestError('BAD_USER_INPUT', reason === '' ? message : `${message} ${reason}`, 413);
}

declare global {
  interface ReadableStreamBYOBReader {
    /** workerd's own: a standard read answers with whatever has come. */
    readAtLeast<T extends ArrayBufferView>(minElements: number, view: T): Promise<ReadableStreamReadResult<T>>;
  }
}

/** Reads so many bytes, or what is left. A read of workerd's own size is 4 KB: 7 MB of these take three times the CPU. */
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
