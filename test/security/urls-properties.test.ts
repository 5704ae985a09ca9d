import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkUrl } from '../../src/domain/url.ts';

const PATH = ['input', 'sample', 'url'];

function messages(url: string): string {
  const checked = checkUrl(url, 'voice', PATH);
  return checked.ok ? '' : checked.issues.map((issue) => issue.message).join('; ');
}

function octets(bits: number): number[] {
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256);
}

describe('server-side request forgery', () => {
  const PRIVATE = [
    [0x0a_00_00_00, 24],
    [0x7f_00_00_00, 24],
    [0xa9_fe_00_00, 16],
    [0xac_10_00_00, 20],
    [0xc0_a8_00_00, 16],
    [0x64_40_00_00, 22],
    [0xe0_00_00_00, 28],
  ] as const;
  const privateAddress = fc
    .tuple(fc.constantFrom(...PRIVATE), fc.nat(0xffff_ffff))
    .map(([[base, hostBits], random]) => base + (random % 2 ** hostBits));
  const literal = fc
    .tuple(privateAddress, fc.array(fc.constantFrom(8, 10, 16), { minLength: 4, maxLength: 4 }), fc.nat(3))
    .map(([bits, bases, parts]) => {
      const head = octets(bits).slice(0, parts);
      const tail = bits % 2 ** (8 * (4 - parts));
      const prefix: Record<number, string> = { 8: '0', 10: '', 16: '0x' };
      return [...head, tail].map((part, i) => `${prefix[bases[i]!]}${part.toString(bases[i])}`).join('.');
    });

  it('by a private IPv4 address is refused in every literal form', () => {
    fc.assert(
      fc.property(literal, (host) => {
        expect(messages(`https://${host}/a.mp3`)).not.toBe('');
      }),
      { numRuns: 2000 },
    );
  });

  it('by an IPv6 address with a private IPv4 address in it is refused', () => {
    const prefix = fc.constantFrom('::ffff:', '::', '64:ff9b::', '::ffff:0:');
    fc.assert(
      fc.property(prefix, privateAddress, (before, bits) => {
        expect(messages(`https://[${before}${octets(bits).join('.')}]/a.mp3`)).not.toBe('');
      }),
    );
  });

  it('by any other text is refused without an exception: only text that starts with https:// is accepted', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', 'https://', 'https://a.example/'),
        (text, before) => {
          const checked = checkUrl(before + text, 'audio', PATH);
          const both = [checked.ok ? checked.value : 'https://', checked.ok ? before + text : 'https://'];
          expect(both.every((url) => /^https:\/\//i.test(url))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('by a second parse is impossible: an accepted URL, as it is sent, is accepted unchanged', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['https'], withQueryParameters: true }), (url) => {
        const checked = checkUrl(url, 'audio', PATH);
        const again = checked.ok ? checkUrl(checked.value, 'audio', PATH) : checked;
        expect(again).toEqual(checked);
      }),
    );
  });
});
