/** Draws a number in [0, 1) and the next state of the generator, by one step of mulberry32. Repeatable, and good enough for faults. */
export function drawRandom(state: number): { readonly value: number; readonly state: number } {
  const next = (state + 0x6d2b79f5) >>> 0;
  let mixed = next;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return { value: ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296, state: next };
}

/** Hashes a text into 32 bits, by FNV-1a. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Picks one of several forms of an answer, always the same one for the same id and aspect. So a client receives all of them. */
export function pickVariant<const T>(id: string, aspect: string, variants: readonly [T, ...T[]]): T {
  return variants[hashText(`${aspect}:${id}`) % variants.length] ?? variants[0];
}

/** Creates an id of 18 digits, which a JSON number cannot hold exactly. */
export function createDigitsId(): string {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  const digits = (BigInt(high) * 4_294_967_296n + BigInt(low)) % 100_000_000_000_000_000n;
  return `8${digits.toString().padStart(17, '0')}`;
}

/** Creates an id of 16 random bytes in base64. Some of its characters must be escaped in a path. */
export function createBase64Id(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

/** Creates the id of the nth task. Six of eight ids are digits, one is a UUID and one is base64. */
export function createTaskId(n: number, digitsOnly: boolean): string {
  if (!digitsOnly && n % 8 === 3) return crypto.randomUUID();
  if (!digitsOnly && n % 8 === 6) return createBase64Id();
  return createDigitsId();
}

/** Creates the `request_id` of the nth call: a UUID or base64. */
export function createRequestId(n: number): string {
  return n % 3 === 0 ? createBase64Id() : crypto.randomUUID();
}
