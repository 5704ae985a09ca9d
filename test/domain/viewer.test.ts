import fc from 'fast-check';
import { describe, it } from 'vitest';
import {
  EVERYBODY,
  isPermitted,
  isScope,
  isTenant,
  requireScope,
  SCOPES,
  type Viewer,
} from '../../src/domain/ports.ts';
import { GatewayError } from '../../src/errors.ts';

const viewerWith = (scopes: Viewer['scopes']): Viewer => ({ tenant: 't', subject: 's', scopes, expiresAtMs: null });

describe('a scope', () => {
  it('is one of seven', ({ expect }) => {
    expect(SCOPES).toEqual([
      'voices:read',
      'voices:write',
      'lipsync:read',
      'lipsync:write',
      'webhooks:read',
      'webhooks:write',
      'operator',
    ]);
    expect(SCOPES.every(isScope)).toBe(true);
  });

  it.for(['', 'voices', 'voices:', 'voices:reads', 'Voices:read', ' operator', 'operator ', 'toString', '0', '*'])(
    'is not %j',
    (text, { expect }) => {
      expect(isScope(text)).toBe(false);
    },
  );

  it('permits itself and no other', ({ expect }) => {
    for (const held of SCOPES) {
      for (const asked of SCOPES) {
        const viewer = viewerWith([held]);
        expect(isPermitted(viewer, asked)).toBe(held === asked);
        if (held === asked) expect(() => requireScope(viewer, asked)).not.toThrow();
        else expect(() => requireScope(viewer, asked)).toThrow(GatewayError);
      }
    }
  });

  it('is named in the error if the token lacks it', ({ expect }) => {
    expect(() => requireScope(viewerWith([]), 'lipsync:write')).toThrow(
      expect.objectContaining({
        failure: { code: 'FORBIDDEN', message: 'The token lacks the scope "lipsync:write".', retryable: false },
      }),
    );
  });
});

describe('a tenant', () => {
  it('is 1 to 128 visible ASCII characters', ({ expect }) => {
    const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit: visible, minLength: 1, maxLength: 128 }), (text) => {
        expect(isTenant(text)).toBe(true);
      }),
    );
    expect([isTenant('t'.repeat(128)), isTenant('t'.repeat(129)), isTenant('')]).toEqual([true, false, false]);
  });

  it('refuses any other character', ({ expect }) => {
    const visible = fc.string({ unit: fc.constantFrom('a', '!', '~'), maxLength: 20 });
    const other = fc.oneof(fc.integer({ min: 0, max: 0x20 }), fc.integer({ min: 0x7f, max: 0xffff }));
    fc.assert(
      fc.property(visible, other, visible, (before, code, after) => {
        expect(isTenant(before + String.fromCharCode(code) + after)).toBe(false);
      }),
      {
        examples: [
          ['a', 0x0a, ''],
          ['', 0x20, 'a'],
          ['a', 0x7f, 'a'],
        ],
      },
    );
  });

  it('is a string', ({ expect }) => {
    fc.assert(
      fc.property(
        fc.anything().filter((value) => typeof value !== 'string'),
        (value) => {
          expect(isTenant(value)).toBe(false);
        },
      ),
      { examples: [[['tenant']], [7], [null], [new String('tenant')]] },
    );
  });
});

it('EVERYBODY is one tenant with all scopes and no expiry', ({ expect }) => {
  expect(EVERYBODY).toEqual({ tenant: 'default', subject: null, scopes: SCOPES, expiresAtMs: null });
});
