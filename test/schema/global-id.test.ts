import fc from 'fast-check';
import { describe, it } from 'vitest';
import { decodeGlobalId, encodeGlobalId, NODE_TYPES } from '../../src/schema/builder.ts';

/** Encodes base64url by its definition: six bits for each digit. */
function base64url(text: string): string {
  const bits = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return (bits.match(/.{1,6}/g) ?? []).map((six) => digits[Number.parseInt(six.padEnd(6, '0'), 2)]).join('');
}

describe('a global id', () => {
  it('is base64url of the type and the id, and decodes to both', ({ expect }) => {
    const anyId = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.string({ minLength: 1, unit: fc.constantFrom('>', '?', '~', '\u007f', '\0', ':', 'ö', 'o') }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...NODE_TYPES), anyId, (typename, id) => {
        const globalId = encodeGlobalId(typename, id);
        expect(globalId).toBe(base64url(`${typename}:${id}`));
        expect(decodeGlobalId(globalId)).toEqual({ typename, id });
      }),
      { numRuns: 3000 },
    );
  });

  it.for([
    ['Voice', 'x', 'Vm9pY2U6eA'],
    ['Voice', '~~?', 'Vm9pY2U6fn4_'],
    ['Voice', '~~>', 'Vm9pY2U6fn4-'],
    ['Face', 'ö', 'RmFjZTrDtg'],
  ] as const)('of %s %s is %s', ([typename, id, globalId], { expect }) => {
    expect(encodeGlobalId(typename, id)).toBe(globalId);
  });
});
