/**
 * `npm run build`: builds what would be deployed, into dist/, and prints its size and its start-up time.
 *
 * Fails if the script is too large, or lacks a package that package.json names as a dependency. The start-up time is
 * wrangler's own check, in a new isolate on this machine. It shows a regression, not the time on Cloudflare's machines.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * The largest gzip size of the script: 256 KB, and 64 KB for the inspection of files. It is in the same script, because
 * wrangler does not split one. The free plan of Workers allows 3 MB (Cloudflare docs, 2026-11).
 */
const GZIP_BYTES_MAX = (256 + 64) * 1024;

const OUT = 'dist';

/** The part of esbuild's metafile that is read here. */
interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

function wrangler(...args: string[]): string {
  return execFileSync('wrangler', args, { encoding: 'utf8', env: { ...process.env, WRANGLER_SEND_METRICS: 'false' } });
}

const metafile = join(OUT, 'meta.json');
wrangler('deploy', '--dry-run', '--outdir', OUT, '--metafile', metafile);
const scripts = readdirSync(OUT).filter((name) => name.endsWith('.js'));
const kb = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`;
for (const name of scripts) {
  const script = readFileSync(join(OUT, name));
  const gzipBytes = gzipSync(script, { level: 9 }).byteLength;
  process.stdout.write(`${name}: ${kb(script.byteLength)}, gzip ${kb(gzipBytes)} of at most ${kb(GZIP_BYTES_MAX)}\n`);
  if (gzipBytes > GZIP_BYTES_MAX) {
    process.stdout.write('The script is larger than it may be.\n');
    process.exitCode = 1;
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- esbuild writes it: https://esbuild.github.io/api/#metafile
const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
const modules = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs));

/** Checks that the script contains every dependency. An alias that replaces a package leaves no bytes of it. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own file
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly dependencies: object };
for (const name of Object.keys(dependencies)) {
  const bytes = modules
    .filter(([path]) => path.includes(`node_modules/${name}/`))
    .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  process.stdout.write(`${name}: ${kb(bytes)}\n`);
  if (bytes === 0) {
    process.stdout.write('The script holds nothing of this package.\n');
    process.exitCode = 1;
  }
}

process.stdout.write(wrangler('check', 'startup', '--outfile', join(OUT, 'startup.cpuprofile')));
