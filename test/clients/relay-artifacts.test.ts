import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const compiler = createRequire(import.meta.url).resolve('relay-compiler/cli.js');

test.for(['relay.config.json', 'relay-persisted.config.json'])(
  'relay-compiler takes the schema, and makes of it what is checked in: %s',
  async (config) => {
    // It exits with another code when it would write something: then `npm run generate -- relay`.
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, '--noWatchman', '--validate', config], {
      cwd: import.meta.dirname,
    });
    expect(stdout).toContain('Compilation completed');
  },
);
