import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { describe, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Words and openings that readers stumble over, and the replacement. Sentences of code and pages must not have them. */
const WORST: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bbehind (?:it|them|that|this|each other|one another|which)\b/i, 'after'],
  [/\bdear(?:er|est|ly)?\b/i, 'expensive'],
  [/\banew\b/i, 'again'],
  [/\bin the place of\b/i, 'instead of'],
  [/\bwho(?:so)?ever\b/i, 'a client that …, everyone who …'],
  [/\b(?:is|are|was|were|has|have|had) none\b/i, 'there is no …, without …'],
  [/\bso long as\b/i, 'while, if'],
  [/\bliv(?:e|es|ed|ing) by\b/i, 'follows'],
  [/\b(?:tell|tells|told|telling) of\b/i, 'reports'],
  [/^(?:Of|With|What) (?!.*\?$)/, 'a verb or a noun first'],
  [/^Null:/, 'Returns null if …'],
];

const TESTS = new Set(['describe', 'it', 'test']);

const WORDS_MAX = 25;

interface Sentence {
  readonly file: string;
  readonly text: string;
}

/** Splits into sentences: at their ends, at empty lines, and at list items, cells and docstring tags. Leaves out code and headings. */
function sentencesOf(file: string, text: string): Sentence[] {
  return text
    .replaceAll(/```[^]*?```/g, '')
    .replaceAll(/^#+ .*$/gm, '')
    .split(/\n\s*(?=\n|[-*|@] ?|\d+\. )|\|/)
    .flatMap((block) =>
      block
        .replaceAll(/\s+/g, ' ')
        .replace(/^ ?(?:[-*]+|\d+\.) /, '')
        .split(/(?<=[.:;?!](?:\*\*|\))?) /),
    )
    .map((sentence) => ({ file, text: sentence.trim() }))
    .filter((sentence) => sentence.text !== '');
}

interface Written {
  readonly comments: readonly Sentence[];
  /** The names of tests and of their groups. */
  readonly names: readonly Sentence[];
}

type Node = {
  readonly type?: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly callee?: Node;
  readonly object?: Node;
  readonly tag?: Node;
  readonly arguments?: readonly Node[];
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
};

function nodesOf(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(nodesOf);
  return 'type' in value ? [value as Node, ...below] : below;
}

/** The function that a call starts from: `it` in `it.for(cases)(name, test)`. */
function calledBy(node: Node | undefined): string | undefined {
  return node === undefined || node.name !== undefined ? node?.name : calledBy(node.callee ?? node.object ?? node.tag);
}

function textOf({ value, quasis }: Node): string | undefined {
  return typeof value === 'string' ? value : quasis?.map((quasi) => quasi.value.raw).join('…');
}

/** Line comments that follow each other are one text. */
function commentsOf(source: string, comments: ReturnType<typeof parseSync>['comments']): string[] {
  const texts: string[] = [];
  let lineEnd = -1;
  for (const { type, value, start, end } of comments) {
    const follows = type === 'Line' && lineEnd >= 0 && source.slice(lineEnd, start).trim() === '';
    if (follows) texts.push(`${texts.pop()}\n${value}`);
    else texts.push(value.replaceAll(/^ *\*/gm, ''));
    lineEnd = type === 'Line' ? end : -1;
  }
  return texts;
}

function readText(file: string, source: string): Written {
  const { program, comments } = parseSync(file, source, { lang: file.endsWith('x') ? 'tsx' : 'ts' });
  const calls = nodesOf(program).filter((node) => TESTS.has(calledBy(node.callee) ?? ''));
  const names = calls.flatMap(({ arguments: [name] = [] }) => (name && textOf(name)) ?? []);
  return {
    comments: commentsOf(source, comments).flatMap((text) => sentencesOf(file, text)),
    names: names.map((text) => ({ file, text })),
  };
}

/** `src/ledger` for all files below it, `src` for `src/index.ts`, `pages` for documentation, `configuration` for settings. */
function folderOf(file: string): string {
  if (file.endsWith('.md')) return 'pages';
  if (!/\.(?:ts|tsx|mjs)$/.test(file)) return 'configuration';
  const [top = '', folder = ''] = file.split('/');
  return folder.includes('.') ? top : `${top}/${folder}`;
}

/** Text in code marks is code, and counts as one word. */
function wordsIn(text: string): number {
  return text.replaceAll(/`[^`]*`/g, 'code').match(/[\w’'-]+/g)?.length ?? 0;
}

function worstOf({ file, text }: Sentence): string[] {
  const prose = text.replaceAll(/`[^`]*`/g, '`code`');
  const found = WORST.filter(([pattern]) => pattern.test(prose));
  return found.map(([pattern, instead]) => `${file}: "${pattern.exec(prose)?.[0]}" (rather: ${instead}) in: ${text}`);
}

const sources = globSync('{src,test}/**/*.{ts,tsx,mjs}', {
  cwd: root,
  exclude: ['**/node_modules/**', '**/__generated__/**', '**/dist/**', '**/*.d.ts'],
}).map((file) => readText(file, readFileSync(join(root, file), 'utf8')));

const comments = sources.flatMap((source) => source.comments);
const names = sources.flatMap((source) => source.names);
const pages = globSync(['*.md', 'docs/*.md', 'src/*/README.md'], { cwd: root }).flatMap((file) =>
  sentencesOf(file, readFileSync(join(root, file), 'utf8')),
);

const configs = globSync(['{,src/**/}wrangler.toml', '.env.sandbox', '.npmrc', '.ci/run'], { cwd: root }).flatMap(
  (file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/^# (.*)$/gm)].flatMap(([, text = '']) =>
      sentencesOf(file, text),
    ),
);

const byFolder = Object.groupBy([...comments, ...names, ...pages, ...configs], ({ file }) => folderOf(file));

describe('sentences', () => {
  for (const [folder, sentences = []] of Object.entries(byFolder)) {
    it(`of ${folder} avoid words and openings that readers stumble over`, ({ expect }) => {
      expect(sentences.flatMap(worstOf)).toEqual([]);
    });
  }

  it(`in comments have at most ${WORDS_MAX} words`, ({ expect }) => {
    expect(comments.filter(({ text }) => wordsIn(text) > WORDS_MAX)).toEqual([]);
  });

  it('are found in comments, test names, pages and configuration', ({ expect }) => {
    expect(comments.length).toBeGreaterThan(1_000);
    expect(names.length).toBeGreaterThan(1_000);
    expect(pages.length).toBeGreaterThan(1_000);
    expect(configs.length).toBeGreaterThan(10);
  });
});

describe('the check', () => {
  it.for([
    ['// The event behind it is sent. Fine.', 'behind it'],
    ['/** Checked anew. */', 'anew'],
    ['/**\n * Fine. What it\n * costs.\n */', 'What '],
    ['// Fine, but\n// in the\n// place of x.', 'in the place of'],
    ['/** Null: not yet. */', 'Null:'],
    ["it.for([])('waits, so long as it runs', () => {});", 'so long as'],
    ['describe(`Of ${a} things`, () => {});', 'Of '],
  ])('finds the words in %j', ([source = '', word], { expect }) => {
    const { comments: found, names: named } = readText('a.ts', source);
    expect([...found, ...named].flatMap(worstOf)).toEqual([expect.stringContaining(`"${word}"`)]);
  });

  it.for(['// What is a task? A verb.', "const a = 'anew';", '// `so long as` in Kling’s own words'])(
    'leaves %j alone',
    (source, { expect }) => {
      const { comments: found, names: named } = readText('a.ts', source);
      expect([...found, ...named].flatMap(worstOf)).toEqual([]);
    },
  );
});
