/** An id of 18 digits, above what a JSON number can hold exactly. */
export function createDigitsId(): string {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  const digits = (BigInt(high) * 4_294_967_296n + BigInt(low)) % 100_000_000_000_000_000n;
  return `8${digits.toString().padStart(17, '0')}`;
}

/** An id of 16 random bytes in base64, with the characters that have to be escaped in a path. */
export function createBase64Id(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

/** The id of the nth task: of every eight, six are of digits, one is a UUID and one base64. */
export function createTaskId(n: number, digitsOnly: boolean): string {
  if (!digitsOnly && n % 8 === 3) return crypto.randomUUID();
  if (!digitsOnly && n % 8 === 6) return createBase64Id();
  return createDigitsId();
}

/** The id of one exchange. */
export function createRequestId(n: number): string {
  return n % 3 === 0 ? createBase64Id() : crypto.randomUUID();
}

/** One step of mulberry32: a number in [0, 1) and the state to go on with. Good enough to throw dice, and repeatable. */
export function drawRandom(state: number): { readonly value: number; readonly state: number } {
  const next = (state + 0x6d2b79f5) >>> 0;
  let mixed = next;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return { value: ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296, state: next };
}

/** FNV-1a, 32 bits: the same text always gives the same number. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Picks one of several ways to answer, always the same one for the same id and aspect, so that a client meets them all. */
export function pickVariant<const T>(id: string, aspect: string, variants: readonly [T, ...T[]]): T {
  return variants[hashText(`${aspect}:${id}`) % variants.length] ?? variants[0];
}
