/**
 * Whether exhaustive tests run all their cases: with `TEST_DEPTH=full`, as in CI. Otherwise they run a part, so that all
 * tests take a few minutes.
 */
export const IS_FULL = import.meta.env['TEST_DEPTH'] === 'full';

/** A count that costs much time: the whole of it in full depth, else a tenth. */
export function deep(count: number): number {
  return IS_FULL ? count : Math.ceil(count / 10);
}
