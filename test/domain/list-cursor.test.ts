import fc from 'fast-check';
import { describe, it } from 'vitest';
import { parseCursor, toCursor } from '../../src/domain/list.ts';

const namespace = fc.stringMatching(/^[\w-]{1,64}$/);
const seq = fc.integer({ min: 0, max: 999_999_999_999_999 });

describe('a cursor', () => {
  it('parses to the place that it was created from', ({ expect }) => {
    fc.assert(
      fc.property(namespace, seq, (its, n) => {
        expect(parseCursor(its, toCursor(its, n))).toBe(n);
      }),
    );
  });

  it('parses to null for another list or owner', ({ expect }) => {
    fc.assert(
      fc.property(namespace, namespace, seq, (its, other, n) => {
        fc.pre(its !== other);
        expect(parseCursor(other, toCursor(its, n))).toBeNull();
      }),
    );
  });

  it('has one spelling: a changed, added or dropped character gives another place or null', ({ expect }) => {
    const char = fc.constantFrom(
      ...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. '),
    );
    fc.assert(
      fc.property(namespace, seq, fc.nat(), char, fc.nat(2), (its, n, at, changed, how) => {
        const cursor = toCursor(its, n);
        const i = at % cursor.length;
        const other = cursor.slice(0, i) + (how === 0 ? '' : changed) + cursor.slice(how === 1 ? i : i + 1);
        fc.pre(other !== cursor);
        expect(parseCursor(its, other)).not.toBe(n);
      }),
      { numRuns: 500 },
    );
  });

  it.for([
    '',
    ' ',
    '.',
    '%',
    'null',
    '0',
    'a'.repeat(129),
    btoa('event.1e3'),
    btoa('event.-1'),
    btoa('event.01'),
    'é',
    '=',
  ])('parses to null for %j', (garbled, { expect }) => {
    expect(parseCursor('event', garbled)).toBeNull();
  });

  it('parses to null for any text that no cursor has', ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseCursor('event-abc', text)).toBeNull();
      }),
    );
  });
});
