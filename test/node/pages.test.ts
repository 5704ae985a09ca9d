import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';

const root = join(import.meta.dirname, '../..');

/** Every page of the project, as written and without its code. */
const PAGES = globSync(['*.md', 'docs/*.md', 'src/**/README.md'], { cwd: root }).map((page) => {
  const text = readFileSync(join(root, page), 'utf8');
  return { page, text, prose: text.replaceAll(/^```[^]*?^```/gm, '') };
});

const FILES = globSync('{src,test}/**/*.{ts,tsx}', { cwd: root }).map((file) => `/${file}`);

const SCRIPTS = Object.keys(
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly scripts: object }).scripts,
);

const WORDS_MAX = 25;

/** A link counts as its text, and code as one word. */
function wordsIn(sentence: string): number {
  const text = sentence.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/`[^`]*`/g, 'code');
  return text.match(/[\w’'-]+/g)?.length ?? 0;
}

/** The anchors that a repository page gives its headings. */
function anchorsOf(prose: string): string[] {
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Where a link leads: null if there is no such file or heading. */
function problemOf(page: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, target))) return `${link}: no such file`;
  if (anchor === undefined) return null;
  const linked = PAGES.find((other) => other.page === target);
  return linked !== undefined && anchorsOf(linked.prose).includes(anchor) ? null : `${link}: no such heading`;
}

describe.each(PAGES)('$page', ({ page, text, prose }) => {
  it('links to files and headings that exist', ({ expect }) => {
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const local = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(local.map((link) => problemOf(page, link)).filter((problem) => problem !== null)).toEqual([]);
  });

  it('names tests and folders of tests that exist', ({ expect }) => {
    const named = [...text.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('names files of the source that exist', ({ expect }) => {
    const named = [...prose.matchAll(/`((?:[\w-]+\/)*[\w-]+(?:\.config)?\.tsx?)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !FILES.some((file) => file.endsWith(`/${path}`)))).toEqual([]);
  });

  it('has sentences of at most 25 words', ({ expect }) => {
    const written = prose.replaceAll(/<!-- (\S+) -->[^]*?<!-- \/\1 -->/g, '');
    const blocks = written.split(/\n+(?=\n|[-#|]|\d+\. )/).filter((block) => !/^\s*\|/.test(block));
    const sentences = blocks.flatMap((block) => block.replaceAll('\n', ' ').split(/(?<=[.:;?!](?:\*\*)?) /));
    expect(sentences.filter((sentence) => wordsIn(sentence) > WORDS_MAX)).toEqual([]);
  });

  it('names npm scripts that exist', ({ expect }) => {
    const named = [...text.matchAll(/\bnpm run (?:-s )?([a-z:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !SCRIPTS.includes(name))).toEqual([]);
  });

  it('refers to nothing outside the repository', ({ expect }) => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const outside = links.filter((link) => !/^[a-z]+:/.test(link) && join(dirname(page), link).startsWith('..'));
    expect(outside).toEqual([]);
  });
});

it('README.md has at most 250 lines', ({ expect }) => {
  expect(readFileSync(join(root, 'README.md'), 'utf8').split('\n').length).toBeLessThanOrEqual(250);
});

it.for(Object.keys(SETTINGS))('the setting %s has one row in one page', (name, { expect }) => {
  const rows = PAGES.flatMap(({ page, text }) =>
    Array.from(text.matchAll(new RegExp(`^\\| \`${name}\``, 'gm')), () => page),
  );
  expect(rows).toEqual(['docs/operations.md']);
});
