import fc from 'fast-check';

/** Fixes the seed of property tests, so that each run finds the same mutants. */
fc.configureGlobal({ seed: 1 });
