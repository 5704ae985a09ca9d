/**
 * Creates the configuration of one group of files, with its own tests and its own threshold. So a well tested group does not
 * hide another. A mutant of a constant runs all tests of its group, but not those of others.
 *
 * @param {{ name: string, mutate: string[], configFile?: string }} group
 * @returns {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export function group({ name, mutate, configFile = 'test/mutation/vitest.config.ts' }) {
  return {
    mutate,
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile },
    // The file does not exist. Stryker would rewrite tsconfig.json with an API that TypeScript 7 lacks, and no test reads it.
    tsconfigFile: 'none.json',
    coverageAnalysis: 'perTest',
    concurrency: 1,
    tempDirName: 'test-artefacts/mutation/copy',
    ignorePatterns: ['dist', '.wrangler', 'test-artefacts'],
    reporters: ['clear-text', 'html', 'json', 'progress'],
    htmlReporter: { fileName: `test-artefacts/mutation/${name}.html` },
    jsonReporter: { fileName: `test-artefacts/mutation/${name}.json` },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: false },
    thresholds: { high: 95, low: 85, break: 85 },
  };
}
