import fc from 'fast-check';
import { describe, it } from 'vitest';
import { closeReason } from '../../src/hub/protocol.ts';
import { openSandbox } from '../support/ledger.ts';
import { openReady, ALL_TASKS } from '../support/socket.ts';

openSandbox('close-reason');

describe('a close reason', () => {
  it('is cut to at most 123 bytes of UTF-8, and never inside a character', ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const reason = closeReason(text);
        const size = new TextEncoder().encode(reason).byteLength;
        expect(text.startsWith(reason)).toBe(true);
        expect(size).toBeLessThanOrEqual(123);
        if (reason !== text) expect(size).toBeGreaterThan(119);
      }),
    );
  });

  it.for(['x'.repeat(128), '声'.repeat(128), '🎙'.repeat(64)])(
    'for a second operation with the long id %s is cut, and the code is 4409',
    async (id, { expect }) => {
      const socket = await openReady();
      socket.subscribe(id, ALL_TASKS);
      socket.subscribe(id, ALL_TASKS);
      const { code, reason } = await socket.closed();
      expect(code).toBe(4409);
      expect(`Subscriber for ${id} already exists`.startsWith(reason)).toBe(true);
    },
  );
});
