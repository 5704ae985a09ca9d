import { requestError } from '../graphql/request-error.ts';
import { type Deadline, startDeadline } from '../lib/deadline.ts';
import { type Base64Span, createBase64Scan } from './base64-scan.ts';

export interface BodyLimits {
  /** Of a body without its long base64 texts. */
  readonly bytesMax: number;
  /** Of a body as a whole. */
  readonly largeBytesMax: number;
}

/** What the clock is asked. `sleep` rejects when its signal aborts. */
export interface BodyDeps {
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
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

/**
 * The whole body. Throws a request error when it is too large, whatever its content-length says (413): in memory are at
 * most `bytesMax` bytes, one chunk, and what may be base64. Also when it is too slow (408) or breaks off (400).
 */
export async function readBody(request: Request, limits: BodyLimits, deps: BodyDeps): Promise<Body> {
  const { bytesMax, largeBytesMax } = limits;
  if (Number(request.headers.get('content-length') ?? 0) > largeBytesMax) throw tooLarge(limits);
  if (request.body === null) return { bytes: new Uint8Array(), spans: [] };
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  const scan = createBase64Scan();
  let size = 0;
  let deadline = startDeadline({ timeoutMs: BODY_MS_MAX, ...deps });
  try {
    for (;;) {
      const { done, value } = await next(reader, deadline);
      if (done) break;
      const wasLarge = size > bytesMax;
      size += value.byteLength;
      chunks.push(value);
      if (size > largeBytesMax) throw tooLarge(limits);
      if (size <= bytesMax) continue;
      if (wasLarge) scan.push(value);
      else {
        for (const chunk of chunks) scan.push(chunk);
        deadline.stop();
        deadline = startDeadline({ timeoutMs: LARGE_BODY_MORE_MS_MAX, ...deps });
      }
      if (scan.otherBytes() > bytesMax) throw tooLarge(limits);
    }
    return { bytes: joined(chunks, size), spans: scan.spans() };
  } catch (error) {
    // The rest is of no interest, and neither is how giving it up ends.
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    deadline.stop();
  }
}

/** A body that is refused for its size. */
export function tooLarge({ bytesMax, largeBytesMax }: BodyLimits) {
  const rest =
    largeBytesMax > bytesMax
      ? ` A sound in base64, on one line, in the variables of a mutation that takes one is not counted, up to ${largeBytesMax} bytes in all.`
      : '';
  return requestError('BAD_USER_INPUT', `The body must not be larger than ${bytesMax} bytes.${rest}`, 413);
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>, deadline: Deadline) {
  try {
    return await deadline.race(reader.read());
  } catch {
    throw deadline.signal.aborted
      ? requestError('BAD_USER_INPUT', 'The body did not arrive in time.', 408)
      : requestError('BAD_USER_INPUT', 'The body broke off.', 400);
  }
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
