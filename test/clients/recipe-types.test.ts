import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { FILES, GENERATED, SDL, settingsOf } from './generated.ts';

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const RELAY = createRequire(import.meta.url).resolve('relay-compiler/cli.js');

/** Runs a program of Node in a folder. Returns its output, also if it fails. */
async function run(cwd: string, ...args: readonly string[]): Promise<string> {
  return promisify(execFile)(process.execPath, args, { cwd }).then(
    ({ stdout }) => stdout,
    (error: unknown) => String((error as { readonly stdout?: string }).stdout ?? error),
  );
}

/** A project of somebody who follows docs/clients.md. */
let project: string;
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'kling-client-'));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  for (const [path, text] of [
    ...FILES,
    ...GENERATED,
    ['schema.graphql', SDL] as const,
    ['relay.config.json', JSON.stringify(settingsOf('relay'))] as const,
  ]) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  cpSync(join(ROOT, 'src/studio/api/introspection.d.ts'), join(project, 'src/introspection.d.ts'));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('a project that follows docs/clients.md', () => {
  test('has the files of each recipe and of each generator', ({ expect }) => {
    expect([...FILES.keys()]).toEqual(
      expect.arrayContaining(
        ['authorized', 'apollo-calls', 'relay', 'codegen-app', 'tada-app', 'relay-app'].map((name) => `src/${name}.ts`),
      ),
    );
    expect([...GENERATED.keys()]).toEqual(expect.arrayContaining(['src/gql/graphql.ts', 'src/gql/introspection.json']));
  });

  test('compiles under the default settings of Vite, Next.js and Expo', async ({ expect }) => {
    expect(await run(project, RELAY, '--noWatchman')).toContain('Compilation completed');
    // Its files are not checked by TypeScript.
    const artefact = readFileSync(join(project, 'src/__generated__/relayAppQuery.graphql.ts'), 'utf8');
    expect(artefact).toContain('createdAt: string');
    expect(artefact).not.toMatch(/^import (?!type )/m);
    for (const template of ['vite', 'next', 'expo']) {
      const settings = { extends: join(import.meta.dirname, `templates/${template}.json`), include: ['src'] };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(settings));
      expect(await run(project, TSC, '-p', 'tsconfig.json'), template).toBe('');
    }
  });
});
