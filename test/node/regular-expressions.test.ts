import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { parseAst } from 'vite';
import { describe, it } from 'vitest';
import { classifyFailure } from '../../src/domain/failure.ts';
import { ATTACKS, COMMON, type Hostile } from './regular-expression-attacks.ts';

const src = join(import.meta.dirname, '../../src');

/** Four times the largest message of a socket. */
const CHARS_MAX = 262_144;

/** The time limit. A linear expression takes a few milliseconds for such a text, and a quadratic one a minute. */
const TIMEOUT_MS = 1_000;

interface Found {
  /** The literals in the sources. */
  readonly literals: ReadonlySet<string>;
  /** The files that build expressions at run time, which no table can list. */
  readonly builders: ReadonlySet<string>;
}

/** Finds the expressions in all code that handles untrusted input. The sandbox, the scripts and the studio do not. */
function expressionsOfSources(): Found {
  const literals = new Set<string>();
  const builders = new Set<string>();
  const files = globSync('**/*.ts', { cwd: src }).filter((file) => !/^(?:sandbox|scripts|studio)\//.test(file));
  for (const file of files) {
    JSON.stringify(parseAst(readFileSync(join(src, file), 'utf8'), { lang: 'ts' }), (_key, node: unknown) => {
      if (typeof node !== 'object' || node === null) return node;
      const { raw, regex, callee } = node as { raw?: string; regex?: object; callee?: { name?: string } };
      if (regex && raw !== undefined) literals.add(raw);
      if (callee?.name === 'RegExp') builders.add(file);
      return node;
    });
  }
  return { literals, builders };
}

function textOf([start, pump, end]: Hostile, charsMax: number): string {
  const length = charsMax - start.length - end.length;
  return start + pump.repeat(Math.ceil(length / pump.length)).slice(0, Math.max(0, length)) + end;
}

/** Runs an expression on a text, with all matches if it is global. Throws if it takes too long, which V8 checks while it backtracks. */
function run(source: string, text: string): void {
  runInNewContext(`text.replace(${source}, '')`, { text }, { timeout: TIMEOUT_MS });
}

describe('a regular expression of the sources', () => {
  const { literals, builders } = expressionsOfSources();

  it('is in the table of attacked expressions, and is not built at run time', ({ expect }) => {
    expect([...literals].toSorted()).toEqual(Object.keys(ATTACKS).toSorted());
    expect([...builders]).toEqual(['domain/failure.ts']);
  });

  it.for(Object.entries(ATTACKS))(
    'takes linear time on hostile text of the largest size: %s',
    ([source, attacks], { expect }) => {
      const { charsMax = CHARS_MAX } = attacks;
      for (const hostile of [...attacks.texts, ...COMMON]) {
        expect(() => run(source, textOf(hostile, charsMax)), JSON.stringify(hostile)).not.toThrow();
      }
    },
  );
});

describe("the reason of a failed task, in Kling's own words", () => {
  it.for<Hostile>([
    ['', 'no ', 'face'],
    ['', 'fail', 'é'],
    ['', 'face ', ''],
    ['', 'faces missing no ', ''],
    ['', '没有', ''],
    ['', 'download', 'é'],
    ['', 'person not ', ''],
  ])('is classified at once at any length: %j', (hostile, { expect }) => {
    const text = textOf(hostile, CHARS_MAX);
    const startedMs = performance.now();
    classifyFailure(text);
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS);
  });
});

it('the check of regular expressions finds a quadratic and an exponential one', ({ expect }) => {
  const timedOut = expect.objectContaining({ code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' });
  expect(() => run('/ Did you mean [^?]*\\?/g', textOf(['', ' Did you mean ', ''], CHARS_MAX))).toThrow(timedOut);
  expect(() => run('/\\$(?:[\\s]|#[^\\n]*)*a\\b/', `$${'#'.repeat(40)}`)).toThrow(timedOut);
});
