import fc from 'fast-check';
import { describe, it } from 'vitest';
import { resultKey } from '../../src/account/kling-account.ts';

const video = (id: string) => resultKey({ kind: 'VIDEO', id });

describe('the key of a file that Kling made', () => {
  it.for([
    ['as it is', '842250903629086785'],
    ['with leading zeros', '000842250903629086785'],
    ['with blanks around it', ' 842250903629086785\t'],
    ['with separators', '842250-903629.086785'],
  ])('is the same for an id %s', ([, id], { expect }) => {
    expect(video(id!)).toBe('VIDEO:842250903629086785');
  });

  it('ignores case', ({ expect }) => {
    expect(video('Ab-C9')).toBe('VIDEO:abc9');
  });

  it('keeps zeros that are not leading', ({ expect }) => {
    expect([video('0100'), video('a00')]).toEqual(['VIDEO:100', 'VIDEO:a00']);
  });

  it.for(['', '0', '000', '--', 'ä'])('is the id itself if nothing else would be left: %j', (id, { expect }) => {
    expect(video(id)).toBe(`VIDEO:${id}`);
  });

  it('differs for videos and audio', ({ expect }) => {
    expect(resultKey({ kind: 'AUDIO', id: '1' })).toBe('AUDIO:1');
  });

  it('differs for different numbers with any padding', ({ expect }) => {
    const number = fc.bigInt({ min: 1n, max: 10n ** 18n });
    fc.assert(
      fc.property(number, number, fc.nat({ max: 5 }), (a, b, zeros) => {
        expect(video(`${'0'.repeat(zeros)}${a}`) === video(`${b}`)).toBe(a === b);
      }),
    );
  });
});
