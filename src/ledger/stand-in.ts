import { keyOf } from '../domain/made.ts';

const ALPHABETS = [/[0-9]/, /[a-f]/, /[g-z]/, /[A-F]/, /[G-Z]/].map((pattern) => {
  const letters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter((c) => pattern.test(c));
  return { pattern, letters };
});

/**
 * An id of the same form and length that nothing has: by chance alone, since Kling's ids are opaque. Kling refuses it as it
 * refuses any id that it does not know, which no text of the gateway's own could imitate for ever.
 */
export function standInFor(id: string, random: () => number): string {
  const other = Array.from(id, (char) => {
    const letters = ALPHABETS.find(({ pattern }) => pattern.test(char))?.letters ?? [char];
    return letters[Math.floor(random() * letters.length)] ?? char;
  }).join('');
  const isSame = keyOf({ kind: 'VIDEO', id: other }) === keyOf({ kind: 'VIDEO', id });
  return isSame && /[a-z1-9]/i.test(id) ? standInFor(id, random) : other;
}
