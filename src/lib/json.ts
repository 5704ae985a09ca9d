/**
 * Parses JSON that only this program can have written, such as a column of an object's SQLite or a payload that it signed.
 * Checks nothing: use a decoder for input from outside.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what was written: there is nothing to infer it from
export function readOwnJson<T>(json: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written as a T by the same module that reads it
  return JSON.parse(json) as T;
}

const LONG = /^-?\d{16,}$/;

/**
 * Parses JSON as `JSON.parse` does, but turns some integers into a string of their digits: those of 16 digits or more, and
 * those that a number cannot hold exactly. As a number they would lose their last digits. Throws `SyntaxError`.
 */
export function parseJsonKeepingLongIntegers(text: string): unknown {
  return JSON.parse(text, keepLongInteger);
}

function keepLongInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value);
  return isExact && !LONG.test(context.source) ? value : context.source;
}

/** Returns true for an object that is neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

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
