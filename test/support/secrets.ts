/** Secrets that are found by their form: a token of three parts, and the address of a callback, which authenticates it. */
const PATTERNS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['a token', /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ['a callback address', /callbacks\/[\w-]{8,}\.[\w-]{43}/],
  ['an upload address', /uploads\/[\w-]{8,}\.[\w-]{43}/],
  ['a file address', /media\/[\w-]{8,}\.[\w-]{43}/],
];

/** Returns the names of the secrets that a text contains, plain or in a form that reveals them. */
export type FindSecrets = (text: string) => string[];

export function createFindSecrets(secrets: Readonly<Record<string, string>>): FindSecrets {
  const forms = Object.entries(secrets)
    .filter(([, secret]) => secret.length >= 8)
    .flatMap(([name, secret]) => formsOf(secret).map((form) => [name, form] as const));
  return (text) => {
    const plain = forms.filter(([, form]) => text.includes(form)).map(([name]) => name);
    const shaped = PATTERNS.filter(([, pattern]) => pattern.test(text)).map(([name]) => name);
    return [...new Set([...plain, ...shaped])];
  };
}

/** The longest text that a secret can be, so that one that is split into pieces is found as well. */
export const SECRET_CHARS_MAX = 2_000;

/** Returns the forms of a secret: plain, reversed, percent-encoded, hexadecimal, and base64 at any offset in a longer text. */
export function formsOf(secret: string): string[] {
  const reversed = reversedOf(secret);
  const base64 = [0, 1, 2].map((before) => base64Inside(secret, before));
  const forms = [
    secret,
    reversed,
    encodeURIComponent(secret),
    hexOf(secret),
    hexOf(reversed),
    reversedOf(hexOf(secret)),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(forms)];
}

function reversedOf(text: string): string {
  return Array.from(text).toReversed().join('');
}

function hexOf(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Returns the part of the base64 that does not depend on the surrounding text, when `before` bytes precede the secret. */
function base64Inside(secret: string, before: number): string {
  const bytes = before + secret.length;
  const whole = btoa('.'.repeat(before) + secret).replaceAll('=', '');
  return whole.slice(Math.ceil((before * 8) / 6), bytes % 3 === 0 ? undefined : -1);
}
