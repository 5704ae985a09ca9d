/**
 * `npm run bench -- NAME`: runs one measurement with the arguments after its name. The `run.ts` of each measurement describes
 * its options.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const MUTATION = join(import.meta.dirname, '../mutation/run.ts');

const files = new Map(
  readdirSync(import.meta.dirname)
    .map((name) => [name, join(import.meta.dirname, name, 'run.ts')] as const)
    .filter(([, file]) => existsSync(file)),
).set('mutation', MUTATION);

const [name = 'http', ...args] = process.argv.slice(2);
const file = files.get(name);
if (file === undefined) {
  process.stderr.write(`There is no ${name} to measure. Choose one of ${[...files.keys()].join(', ')}.\n`);
  process.exit(2);
}
process.argv.splice(2, process.argv.length, ...args);
await import(file);
