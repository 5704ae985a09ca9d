/**
 * `npm run deploy`: builds the studio and deploys it with the gateway, once every setting is there. What is missing or wrong
 * is told all at once, with what it means and how to set it; nothing is deployed then.
 *
 * What is given behind `--` goes to `wrangler deploy`; settings have to stand in wrangler.toml, those of `--var` are not seen.
 */

import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findProblems } from './deploy/find-problems.ts';
import { listSecrets } from './deploy/list-secrets.ts';
import { SETTING_MEANINGS } from './setting-meanings.ts';

const ROOT = join(import.meta.dirname, '../..');
const args = process.argv.slice(2);

function stop(...lines: readonly string[]): never {
  process.stderr.write(`${lines.join('\n')}\n\nNothing was deployed.\n`);
  process.exit(1);
}

function run(command: string, ...parts: readonly string[]): void {
  const { status } = spawnSync(command, parts, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** What says which Worker is meant. */
const { values } = parseArgs({
  args,
  strict: false,
  options: {
    config: { type: 'string', short: 'c', default: 'wrangler.toml' },
    env: { type: 'string', short: 'e' },
    name: { type: 'string' },
  },
});
const { config, env, name } = values;
const target = Object.entries({ config, env, name }).flatMap(([option, value]) =>
  typeof value === 'string' ? [`--${option}`, value] : [],
);
const listed = listSecrets(ROOT, target);
if (!listed.ok) stop(listed.why);
const settings = { config: resolve(ROOT, String(config)), ...(typeof env === 'string' && { env }) };
const problems = findProblems(settings, listed.names);
if (problems.length > 0) {
  const meanings: Readonly<Record<string, string>> = SETTING_MEANINGS;
  const blocks = problems.map(({ setting, message }) => {
    const meaning = meanings[setting];
    return `${setting} ${message}${meaning === undefined ? '' : `\n  ${meaning}`}\n`;
  });
  stop(...blocks, `${problems.length === 1 ? 'This' : `These ${problems.length}`} first, then again: npm run deploy`);
}
run(process.execPath, join(ROOT, 'src/scripts/studio.ts'));
run('wrangler', 'deploy', ...args);
