import { it } from 'vitest';
import { BodyTooLarge, readText } from '../../src/lib/json.ts';

const NEVER = new AbortController().signal;

it('readText joins chunks that split characters', async ({ expect }) => {
  const bytes = new TextEncoder().encode('añ可灵😀z');
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  expect(await readText(body, bytes.length, NEVER)).toBe('añ可灵😀z');
});

it('readText returns an empty string without a body', async ({ expect }) => {
  expect(await readText(null, 1, NEVER)).toBe('');
});

it('readText cancels a body past its limit', async ({ expect }) => {
  let given = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel() {
      given = true;
    },
  });
  await expect(readText(body, 25, NEVER)).rejects.toBeInstanceOf(BodyTooLarge);
  expect(given).toBe(true);
});

it('readText throws the reason of an abort instead of ending early', async ({ expect }) => {
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(3)) });
  await expect(readText(body, 25, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});
