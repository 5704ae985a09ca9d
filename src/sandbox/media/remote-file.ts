import type { Readable } from './measure.ts';

/** The longest time for a whole file. */
const timeoutMs = 20_000;
/** The most bytes that are read of one file: 100 MB, and the start of what is too much. */
const bytesMax = 100_000_001;
/** The bytes of one range. An index at the end of a file needs few of them. */
const blockBytes = 256 * 1024;

/**
 * Opens a file at a URL, as Kling fetches it. Reads only the ranges that are asked for, if the server has ranges. Null if the
 * server cannot be reached, or answers with an error.
 */
export async function openRemote(url: string): Promise<Readable | null> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const first = await fetch(url, { headers: { range: `bytes=0-${blockBytes - 1}` }, signal });
    if (!first.ok) {
      await first.body?.cancel();
      return null;
    }
    const bytes = first.status === 206 ? totalOf(first.headers.get('content-range')) : null;
    return bytes === null ? await readWhole(first) : await readInRanges(url, bytes, first, signal);
  } catch {
    return null;
  }
}

/** Reads the total of `bytes 0-99/1234`. Null if the server does not say it. */
function totalOf(contentRange: string | null): number | null {
  const total = /^bytes 0-\d+\/(\d+)$/.exec(contentRange ?? '')?.[1];
  return total === undefined ? null : Number(total);
}

async function readInRanges(url: string, bytes: number, first: Response, signal: AbortSignal): Promise<Readable> {
  const blocks = new Map([[0, await readAtMost(first, blockBytes)]]);
  async function block(index: number): Promise<Uint8Array> {
    const known = blocks.get(index);
    if (known !== undefined) return known;
    const range = `bytes=${index * blockBytes}-${Math.min(bytes, (index + 1) * blockBytes) - 1}`;
    const answer = await fetch(url, { headers: { range }, signal });
    if (answer.status !== 206) throw new Error(`the server answers ${answer.status} to a range`);
    const read = await readAtMost(answer, blockBytes);
    blocks.set(index, read);
    return read;
  }
  return {
    bytes,
    async read(start, end) {
      if (blocks.size * blockBytes > bytesMax) throw new Error('too much of the file is read');
      const part = new Uint8Array(end - start);
      for (let index = Math.floor(start / blockBytes); index * blockBytes < end; index += 1) {
        const from = Math.max(0, start - index * blockBytes);
        const read = (await block(index)).subarray(from, end - index * blockBytes);
        part.set(read, index * blockBytes + from - start);
      }
      return part;
    },
  };
}

async function readWhole(answer: Response): Promise<Readable> {
  const declared = Number(answer.headers.get('content-length') ?? 0);
  if (declared >= bytesMax) {
    await answer.body?.cancel();
    return { bytes: declared, read: async (start, end) => new Uint8Array(end - start) };
  }
  const whole = await readAtMost(answer, bytesMax);
  return { bytes: whole.byteLength, read: async (start, end) => whole.subarray(start, end) };
}

/** Reads a body up to a size, and cancels the rest. */
async function readAtMost(answer: Response, max: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Ends the stream when the loop is left.
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= max) break;
  }
  const whole = new Uint8Array(Math.min(size, max));
  let offset = 0;
  for (const chunk of chunks) {
    const fits = chunk.subarray(0, whole.byteLength - offset);
    whole.set(fits, offset);
    offset += fits.byteLength;
  }
  return whole;
}
