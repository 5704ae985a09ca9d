import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const compiler = createRequire(import.meta.url).resolve('relay-compiler/cli.js');

test.for(['relay.config.json', 'relay-persisted.config.json'])(
  'relay-compiler accepts the schema and writes the committed artefacts: %s',
  async (config) => {
    // It fails if the artefacts are out of date. `npm run generate -- relay` updates them.
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, '--noWatchman', '--validate', config], {
      cwd: import.meta.dirname,
    });
    expect(stdout).toContain('Compilation completed');
  },
);
