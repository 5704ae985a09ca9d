import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const SCHEMA = readFileSync(join(ROOT, 'schema.graphql'), 'utf8');
const dir = mkdtempSync(join(tmpdir(), 'kling-relay-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface Judged {
  readonly messages: readonly { readonly ruleId: string }[];
}

/** Returns the rules that a schema breaks, found by the command of `npm run check:schema`. */
function brokenRules(schema: string): readonly string[] {
  const file = join(dir, 'schema.graphql');
  writeFileSync(file, schema);
  const args = ['-c', join(ROOT, 'test/relay-rules.config.mjs'), '--format', 'json', '--no-ignore', file];
  const bin = join(ROOT, 'node_modules/eslint/bin/eslint.js');
  const env = { ...process.env, NODE_ENV: '', RELAY_SCHEMA: file };
  let out: string;
  try {
    out = execFileSync(process.execPath, [bin, ...args], { cwd: dir, env, encoding: 'utf8' });
  } catch (error) {
    out = (error as { readonly stdout: string }).stdout;
  }
  const [judged] = JSON.parse(out) as Judged[];
  return [...new Set(judged?.messages.map(({ ruleId }) => ruleId.replace('@graphql-eslint/', '')))];
}

describe('Relay’s rules', () => {
  it('accept the schema', ({ expect }) => {
    expect(brokenRules(SCHEMA)).toEqual([]);
  });

  it.for([
    ['relay-arguments', /first: Int! = 20/, 'size: Int! = 20'],
    ['relay-connection-types', /pageInfo: PageInfo!/, 'page: PageInfo!'],
    ['relay-edge-types', /node: Task!/, 'item: Task!'],
    ['relay-page-info', /hasNextPage: Boolean!/, 'hasNextPage: Boolean'],
  ] as const)('find %s', ([rule, text, fault], { expect }) => {
    expect(text.test(SCHEMA)).toBe(true);
    expect(brokenRules(SCHEMA.replace(text, fault))).toContain(rule);
  });
});
