/** What nobody may see whoever they are: a token of three parts, and the address of a callback, which proves who sent it. */
const PATTERNS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['a token', /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ['a callback address', /callbacks\/[\w-]{8,}\.[\w-]{43}/],
];

/** Tells which of the secrets, by name, a text holds: as they are or in a form that shows them all the same. */
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

/** The longest text that could be a secret's, so that one that is cut into pieces is found as well. */
export const SECRET_CHARS_MAX = 2_000;

/** As it is, reversed, percent-encoded, in hexadecimal, and in base64 wherever in a longer text it stands. */
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

/** The part of the base64 that is the same whatever stands around it, for so many bytes before it. */
function base64Inside(secret: string, before: number): string {
  const bytes = before + secret.length;
  const whole = btoa('.'.repeat(before) + secret).replaceAll('=', '');
  return whole.slice(Math.ceil((before * 8) / 6), bytes % 3 === 0 ? undefined : -1);
}
