/** Thrown by `readText`: the body holds more bytes than it may. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/**
 * The whole body as text (UTF-8), in memory at most `bytesMax` bytes and one chunk. Throws `BodyTooLarge` past that and
 * gives the rest up; an abort of `signal` gives the body up too, and its reason is thrown.
 */
export async function readText(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  signal: AbortSignal,
): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  function giveUp(): void {
    reader.cancel(signal.reason).catch(() => {});
  }
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    const decoder = new TextDecoder();
    let text = '';
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        // A body given up ends like a whole one.
        signal.throwIfAborted();
        return text + decoder.decode();
      }
      bytes += value.byteLength;
      if (bytes > bytesMax) {
        giveUp();
        throw new BodyTooLarge(`the body holds more than ${bytesMax} bytes`);
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
