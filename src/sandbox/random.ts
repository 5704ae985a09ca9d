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
