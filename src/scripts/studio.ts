/**
 * Builds the studio. `node src/scripts/studio.ts`: what is deployed, into dist/assets; `GRAPHIQL=on` puts the explorer beside it.
 * `node src/scripts/studio.ts development`: what `npm start` serves, into dist/development, with the explorer and the ready
 * callers. The two never share a folder, so that no token can be deployed.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { DEV_CALLERS, mintDevToken, type DevCaller } from './dev-token.ts';
import { headersFile } from './studio/headers.ts';
import { writeGraphiql } from './studio/graphiql.ts';

/** The gzip size of all scripts that the first screen needs. */
const SCRIPT_BYTES_MAX = 150 * 1024;

const ROOT = join(import.meta.dirname, '../..');
const isDevelopment = process.argv[2] === 'development';
const out = join(ROOT, 'dist', isDevelopment ? 'development' : 'assets');
const hasGraphiql = isDevelopment || process.env['GRAPHIQL'] === 'on';

// Whatever the caller's own is: another one makes React's parts not fit together.
process.env['NODE_ENV'] = 'production';
await build({
  configFile: join(ROOT, 'src/studio/vite.config.ts'),
  mode: isDevelopment ? 'development' : 'production',
});
writeFileSync(join(out, '_headers'), headersFile({ isDevelopment, hasGraphiql }));
if (hasGraphiql) await writeGraphiql(out);
if (isDevelopment) {
  const names = Object.keys(DEV_CALLERS) as DevCaller[];
  const callers = await Promise.all(
    names.map(async (name) => ({ name, scope: DEV_CALLERS[name], token: await mintDevToken(name) })),
  );
  writeFileSync(join(out, 'development.json'), JSON.stringify(callers));
}

const page = readFileSync(join(out, 'index.html'), 'utf8');
const scripts = [...page.matchAll(/(?:src|href)="\/?(studio\/[^"]+\.js)"/g)].flatMap(([, path]) => path ?? []);
const bytes = scripts
  .map((path) => gzipSync(readFileSync(join(out, path)), { level: 9 }).byteLength)
  .reduce((sum, size) => sum + size, 0);
const kb = (size: number) => `${(size / 1024).toFixed(1)} KB`;
process.stdout.write(`studio: script gzip ${kb(bytes)} of at most ${kb(SCRIPT_BYTES_MAX)}, in ${out}\n`);
if (scripts.length === 0 || bytes > SCRIPT_BYTES_MAX) {
  process.stderr.write('The studio’s first load is larger than it may be.\n');
  process.exitCode = 1;
}
