/**
 * Builds the studio.
 *
 * `node src/scripts/studio.ts` builds what is deployed, into dist/assets. `GRAPHIQL=on` adds the explorer.
 * `node src/scripts/studio.ts development` builds what `npm start` serves, into dist/development, with the explorer and
 * tokens of the development callers. The folders are separate, so that no token can be deployed.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { DEV_CALLERS, mintDevToken, type DevCaller } from './dev-token.ts';

/** The largest gzip size of all scripts that the first screen loads. */
const SCRIPT_BYTES_MAX = 150 * 1024;

const ROOT = join(import.meta.dirname, '../..');
const isDevelopment = process.argv[2] === 'development';
const out = join(ROOT, 'dist', isDevelopment ? 'development' : 'assets');
const hasGraphiql = isDevelopment || process.env['GRAPHIQL'] === 'on';

function policy(parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
}

/**
 * Returns the content of `_headers`, from which Cloudflare reads the headers of the static files. The pages load only media
 * from other origins: results from Kling's storage, and the callers' own videos.
 */
function headersFile(): string {
  // The sandbox serves its images, videos and audio over http.
  const media = isDevelopment ? `'self' https: http: blob:` : `'self' https: blob:`;
  const shared = {
    'default-src': "'none'",
    'script-src': "'self'",
    'connect-src': "'self'",
    'font-src': "'self' data:",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  };
  const studio = policy({ ...shared, 'style-src': "'self'", 'img-src': media, 'media-src': media });
  // GraphiQL's editor creates styles at run time.
  const graphiql = policy({
    ...shared,
    'style-src': "'self' 'unsafe-inline'",
    'img-src': "'self' data:",
    'worker-src': "'self'",
  });
  const lines = [
    '/*',
    `  Content-Security-Policy: ${studio}`,
    '  X-Content-Type-Options: nosniff',
    '  X-Frame-Options: DENY',
    '  Referrer-Policy: no-referrer',
    '  Cross-Origin-Opener-Policy: same-origin',
    '  Cross-Origin-Resource-Policy: same-origin',
    '  Permissions-Policy: camera=(self), geolocation=(), microphone=(self), payment=(), usb=()',
    // In development, a browser would apply this header to the developer's other servers on localhost, on every port.
    ...(isDevelopment ? [] : ['  Strict-Transport-Security: max-age=31536000; includeSubDomains']),
    '/studio/*',
    '  Cache-Control: public, max-age=31536000, immutable',
    ...(isDevelopment ? ['/development.json', '  Cache-Control: no-store'] : []),
    ...(hasGraphiql ? ['/graphiql', '  ! Content-Security-Policy', `  Content-Security-Policy: ${graphiql}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

interface GraphiqlFiles {
  readonly js: string;
  readonly css: string;
  readonly editorWorkerService: string;
  readonly jsonWorker: string;
  readonly graphqlWorker: string;
}

/** Writes GraphiQL's own files into the build. So its page fetches nothing from other origins and runs nothing inline. */
async function writeGraphiql(): Promise<void> {
  const name = '@graphql-yoga/render-graphiql/graphiql';
  // The package's types do not declare the files.
  const files = (await import(name)) as GraphiqlFiles;
  const folder = join(out, 'graphiql-files');
  mkdirSync(folder, { recursive: true });
  const contents = {
    'graphiql.js': files.js,
    'graphiql.css': files.css,
    'editorWorkerService.worker.js': files.editorWorkerService,
    'json.worker.js': files.jsonWorker,
    'graphql.worker.js': files.graphqlWorker,
  };
  for (const [file, text] of Object.entries(contents)) writeFileSync(join(folder, file), text);
}

// React's packages fail if they are built for different environments.
process.env['NODE_ENV'] = 'production';
await build({
  configFile: join(ROOT, 'src/studio/vite.config.ts'),
  mode: isDevelopment ? 'development' : 'production',
});
writeFileSync(join(out, '_headers'), headersFile());
if (hasGraphiql) await writeGraphiql();
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
