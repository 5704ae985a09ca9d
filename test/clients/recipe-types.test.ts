import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';

const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');

/** Returns the problems that TypeScript reports for a project. */
async function compile(project: string): Promise<string> {
  return promisify(execFile)(process.execPath, [tsc, '-p', project]).then(
    ({ stdout }) => stdout,
    (error: unknown) => String((error as { readonly stdout?: string }).stdout ?? error),
  );
}

test.for(['vite', 'next', 'expo'])('the recipes compile under the default settings of %s', async (name, { expect }) => {
  expect(await compile(join(import.meta.dirname, `templates/${name}.json`))).toBe('');
});
