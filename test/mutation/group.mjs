/**
 * `npm run bench -- mutation`: how many small mistakes, in what decides who may do what, the tests find. Each group of files is
 * tried by itself, with its own tests and its own threshold: a well tested group hides no other, and a mutant of a constant,
 * for which every test has to run, does not wait for tests of something else.
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
    // No such file: Stryker would rewrite it for its copy with an API that TypeScript 7 does not have, and nothing here reads it.
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
