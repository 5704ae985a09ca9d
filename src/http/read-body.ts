import { requestError } from '../graphql/request-error.ts';

/**
 * The whole body as text. Throws a request error when it is larger than `bytesMax`, whatever its content-length says
 * (413), when it breaks off, or when it is not UTF-8 (400).
 */
export async function readBody(request: Request, bytesMax: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const bytes = await readBytes(request.body, bytesMax);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw requestError('BAD_USER_INPUT', 'The body must be UTF-8.', 400);
  }
}

async function readBytes(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await next(reader);
    if (done) break;
    size += value.byteLength;
    if (size > bytesMax) {
      // The rest is of no interest, and neither is how giving it up ends.
      reader.cancel().catch(() => {});
      throw tooLarge(bytesMax);
    }
    chunks.push(value);
  }
  return joined(chunks, size);
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch {
    throw requestError('BAD_USER_INPUT', 'The body broke off.', 400);
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

function tooLarge(bytesMax: number) {
  return requestError('BAD_USER_INPUT', `The body must not be larger than ${bytesMax} bytes.`, 413);
}
