/** `npm run generate -- readme`: updates the tables and recipes in docs/ from the settings, the schema, Kling's pages and the tested recipes. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSchema, isEnumType } from 'graphql';
import { publishedTable } from '../support/published-pages.ts';
import { SETTING_MEANINGS } from '../../src/scripts/setting-meanings.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const root = join(import.meta.dirname, '../..');
const schema = buildSchema(readFileSync(join(root, 'schema.graphql'), 'utf8'));

function settingsTable(): string {
  const rows = Object.entries(SETTINGS).map(([name, { fallback, secret }]) => {
    const meaning = SETTING_MEANINGS[name as keyof typeof SETTINGS];
    const kind = secret ? 'secret' : '';
    return `| \`${name}\` | ${fallback === null ? '' : `\`${fallback}\``} | ${kind} | ${meaning} |`;
  });
  return ['| setting | default | | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function enumTable(name: string): string {
  const type = schema.getType(name);
  if (!isEnumType(type)) throw new Error(`the schema has no enum ${name}`);
  const rows = type.getValues().map(({ name: value, description }) => {
    return `| \`${value}\` | ${(description ?? '').replaceAll(/\s+/g, ' ')} |`;
  });
  return ['| code | meaning |', '|---|---|', ...rows].join('\n');
}

/** Reads a file of `test/clients/recipes`, without the comments for the linter. */
function recipes(): Record<string, string> {
  const folder = join(root, 'test/clients/recipes');
  const sections = readdirSync(folder).map((file) => {
    const code = readFileSync(join(folder, file), 'utf8').replaceAll(/^ *\/\/ oxlint-disable.*\n/gm, '');
    return [`recipe:${basename(file, '.ts')}`, `\`\`\`ts\n${code}\`\`\``];
  });
  return Object.fromEntries(sections) as Record<string, string>;
}

/** The content of each page between `<!-- name -->` and `<!-- /name -->`. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docs/operations.md': { settings: settingsTable() },
  'docs/clients.md': { errors: enumTable('ErrorCode'), issues: enumTable('IssueCode'), ...recipes() },
  'docs/kling-coverage.md': { published: publishedTable() },
};

for (const [page, sections] of Object.entries(SECTIONS)) {
  const path = join(root, page);
  let text = readFileSync(path, 'utf8');
  for (const [name, content] of Object.entries(sections)) {
    const section = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
    if (!section.test(text)) throw new Error(`${page} has no section ${name}`);
    text = text.replace(section, (_, start: string, end: string) => `${start}${content}\n${end}`);
  }
  writeFileSync(path, text);
}
