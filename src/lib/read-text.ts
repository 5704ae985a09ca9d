/** Thrown by `readText` for a body with too many bytes. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/**
 * Reads a whole body as UTF-8 text, with at most `bytesMax` bytes and one chunk in memory. Throws `BodyTooLarge` for a
 * larger body, and the reason of `signal` if that aborts. Either cancels the body.
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
        // A cancelled body ends like a whole one.
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
