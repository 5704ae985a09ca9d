/**
 * True if exhaustive tests run all their cases: with `TEST_DEPTH=full`, as in CI. Otherwise they run a part, which takes
 * a few minutes for all tests.
 */
export const IS_FULL = import.meta.env['TEST_DEPTH'] === 'full';

/** Returns the count of an expensive test: all of it in full depth, else a tenth. */
export function deep(count: number): number {
  return IS_FULL ? count : Math.ceil(count / 10);
}
