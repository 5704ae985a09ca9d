import { isBusinessCode, type BusinessCode } from './envelope.ts';

/** The scenario words without parameters and without `sandbox-`. README.md describes each. */
export const scenarioWords = [
  'content-rejected',
  'risk-control',
  'no-human',
  'internal-failure',
  'no-face',
  'no-face-error',
  'two-faces',
  'face-zero',
  'pack-exhausted',
  'rate-limited',
  'parallel-limit',
  'slow',
  'slow-task',
  'never-ends',
  'unknown-status',
  'timeout-after',
  'hang-after',
  'error-after',
  'acts-late',
  'acts-late-cut',
  'callback-dropped',
  'callback-duplicated',
  'callback-late',
  'callback-reordered',
  'callback-forged',
  'html',
  'cut-off',
  'number-id',
  'expired',
] as const;

/** One scenario word without parameters. */
export type ScenarioWord = (typeof scenarioWords)[number];

/** The faults that a caller asks for. A request can ask for several. */
export interface Scenarios {
  readonly words: ReadonlySet<ScenarioWord>;
  /** The first code that the request asks for. Null if it asks for none. */
  readonly errorCode: BusinessCode | null;
  /** A code that is answered with HTTP 200. */
  readonly errorCodeWithHttp200: BusinessCode | null;
  /** Each word `sandbox-flaky-<n>`. Its failures are counted by `key`, the word and the text around it. */
  readonly flaky: readonly { readonly key: string; readonly failures: number }[];
}

const longestFirst = scenarioWords.toSorted((a, b) => b.length - a.length);
const pattern = new RegExp(
  `sandbox-(?:http-200-error-(?<quiet>\\d{4})|error-(?<code>\\d{4})|(?<word>${longestFirst.join('|')}))(?![a-z0-9])`,
  'g',
);
const flakyPattern = /[A-Za-z0-9._-]*sandbox-flaky-(?<n>\d{1,3})(?!\d)[A-Za-z0-9._-]*/g;

/** Finds every scenario word in the texts of a request. */
export function findScenarios(texts: readonly string[]): Scenarios {
  const words = new Set<ScenarioWord>();
  const flaky: { key: string; failures: number }[] = [];
  let errorCode: BusinessCode | null = null;
  let errorCodeWithHttp200: BusinessCode | null = null;
  for (const text of texts) {
    if (!text.includes('sandbox-')) continue;
    for (const { groups } of text.matchAll(pattern)) {
      const word = scenarioWords.find((known) => known === groups?.['word']);
      if (word !== undefined) words.add(word);
      errorCode ??= toCode(groups?.['code']);
      errorCodeWithHttp200 ??= toCode(groups?.['quiet']);
    }
    for (const match of text.matchAll(flakyPattern)) {
      flaky.push({ key: match[0], failures: Number(match.groups?.['n']) });
    }
  }
  return { words, errorCode, errorCodeWithHttp200, flaky };
}

/** Returns the scenario text of an account's key: `sandbox-access-key-error-1302` asks for `sandbox-error-1302` in every call. */
export function accountScenarioText(account: string): string {
  return account.replace(/^sandbox-(access|api)-key/, 'sandbox');
}

function toCode(digits: string | undefined): BusinessCode | null {
  const code = Number(digits);
  return isBusinessCode(code) ? code : null;
}
