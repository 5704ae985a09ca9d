/**
 * `npm run deploy`: builds the studio and deploys it with the gateway, if every setting is right. Otherwise it deploys
 * nothing, and reports all wrong settings at once, with their meaning and how to set them. It also creates the bucket.
 *
 * Arguments after `--` go to `wrangler deploy`. Settings must be in wrangler.toml: `--var` is not read here.
 */

import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { unstable_readConfig } from 'wrangler';
import { readConfig } from '../config/index.ts';
import { type ConfigProblem, type Setting, SETTINGS } from '../config/settings.ts';
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

type ListedSecrets =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly why: string };

/** Cloudflare's code and wrangler's words for a Worker that was never deployed, and so has no secrets yet. */
const NEVER_DEPLOYED = /\b10007\b|worker\b.*\b(?:not found|does not exist)/i;

/** A missing token, a refused one (10000, 9109), or an expired login. */
const SIGNED_OUT = /CLOUDFLARE_API_TOKEN|not logged in|not authenticated|authentication error|\b(?:10000|9109)\b/i;

const LOGIN = 'You are not logged in to Cloudflare: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.';

/** The result of a wrangler command. `said` is everything that it printed. */
interface Ran {
  readonly isOk: boolean;
  readonly said: string;
}

/** Runs a wrangler command without a terminal, so that it asks nothing and opens no browser. */
function ask(...parts: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync('wrangler', parts, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  });
  return { isOk: status === 0, said: stripVTControlCharacters(`${stdout}${stderr}`).trim() };
}

/** Cloudflare's code and words for a bucket that was not created yet. */
const NO_BUCKET = /\b10006\b|bucket does not exist/i;

/** The name of the rule that aborts unfinished uploads. An upload has a day, and R2 keeps its parts for a week by default. */
const ABORT_RULE = 'abort-unfinished-uploads';

/** Creates a bucket and its lifecycle rule, if they do not exist. */
function createBucket(bucket: string, target: readonly string[]): void {
  const info = ask('r2', 'bucket', 'info', bucket, ...target);
  if (!info.isOk && !NO_BUCKET.test(info.said)) {
    stop(
      `The bucket ${bucket} cannot be used. wrangler says:\n${info.said}\n`,
      'Enable R2 in the Cloudflare dashboard, or delete [[r2_buckets]] in wrangler.toml to deploy without files.',
    );
  }
  if (!info.isOk) run('wrangler', 'r2', 'bucket', 'create', bucket, ...target);
  const rules = ask('r2', 'bucket', 'lifecycle', 'list', bucket, ...target);
  if (rules.isOk && rules.said.includes(ABORT_RULE)) return;
  const abort = ['--abort-multipart-days', '1', '--force'];
  run('wrangler', 'r2', 'bucket', 'lifecycle', 'add', bucket, ABORT_RULE, ...abort, ...target);
}

/** Lists the names of the Worker's secrets. Cloudflare returns no values. `target` names the Worker, as for `wrangler deploy`. */
function listSecrets(root: string, target: readonly string[]): ListedSecrets {
  // Without a terminal as its standard input, wrangler reports a missing login and does not open a browser.
  const { status, stdout, stderr, error } = spawnSync('wrangler', ['secret', 'list', '--format', 'json', ...target], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  });
  if (error !== undefined) return { ok: false, why: `wrangler cannot be run (${error.message}): npm ci brings it.` };
  const said = stripVTControlCharacters(`${stdout}${stderr}`).trim();
  if (status !== 0) {
    if (NEVER_DEPLOYED.test(said)) return { ok: true, names: [] };
    if (SIGNED_OUT.test(said)) return { ok: false, why: LOGIN };
    return { ok: false, why: `The secrets cannot be listed. wrangler says:\n${said}` };
  }
  try {
    // Wrangler may print other text first, such as a notice of a newer version.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- wrangler's own output
    const secrets = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as readonly { readonly name: string }[];
    return { ok: true, names: secrets.map(({ name }) => name) };
  } catch {
    return { ok: false, why: `The secrets cannot be listed. wrangler says:\n${said}` };
  }
}

/** Returns a valid value for a secret, because Cloudflare reveals no value. */
function exampleSecret(name: string): string {
  return name === 'KLING_WEBHOOK_SECRETS' ? `whsec_${'x'.repeat(32)}` : `${name}-0123456789-0123456789-0123456789`;
}

/** The Worker to deploy, in the options of `wrangler deploy`. */
interface Target {
  /** The path of its wrangler.toml. */
  readonly config: string;
  readonly env?: string;
}

/** The part of wrangler.toml that is read here. */
interface WranglerConfig {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly ratelimits: readonly { readonly name: string }[];
  readonly durable_objects: { readonly bindings: readonly { readonly name: string }[] };
  readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name?: string }[];
  readonly secrets?: { readonly required?: readonly string[] };
}

function exampleOf(name: string): string | null {
  const setting: Setting<unknown> | undefined = Object.entries<Setting<unknown>>(SETTINGS).find(
    ([known]) => known === name,
  )?.[1];
  if (setting?.secret === false) return setting.example ?? setting.fallback;
  return exampleSecret(name);
}

/**
 * Finds the problems that the gateway would report at `/ready` with wrangler.toml and secrets of these names. Also finds
 * secrets in `[vars]`, which the gateway cannot notice.
 */
function findProblems(target: Target, secretNames: readonly string[]): readonly ConfigProblem[] {
  const { vars, ratelimits, durable_objects, r2_buckets, secrets }: WranglerConfig = unstable_readConfig(target);
  const result = readConfig({
    ...vars,
    ...Object.fromEntries(secretNames.map((name) => [name, exampleOf(name)])),
    ...Object.fromEntries([...ratelimits, ...durable_objects.bindings].map(({ name }) => [name, {}])),
    ...Object.fromEntries(r2_buckets.map(({ binding }) => [binding, {}])),
  });
  const exposed = Object.entries<Setting<unknown>>(SETTINGS)
    .filter(([setting, { secret }]) => secret && setting in vars)
    .map(([setting]) => ({
      setting,
      message: `stands in the open: take it out of [vars] in wrangler.toml, and set another one with \`npx wrangler secret put ${setting}\``,
    }));
  const problems = [...(result.ok ? [] : result.problems), ...exposed];
  const demanded = (secrets?.required ?? [])
    .filter((name) => !secretNames.includes(name) && problems.every(({ setting }) => setting !== name))
    .map((setting) => ({
      setting,
      message: `is missing, and [secrets] of wrangler.toml asks for it: set it with \`npx wrangler secret put ${setting}\``,
    }));
  return [...problems, ...demanded];
}

/** The arguments that select the Worker. */
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
const { r2_buckets: buckets }: WranglerConfig = unstable_readConfig(settings);
const account = Object.entries({ config, env }).flatMap(([option, value]) =>
  typeof value === 'string' ? [`--${option}`, value] : [],
);
for (const { bucket_name: bucket } of buckets) if (bucket !== undefined) createBucket(bucket, account);
run('wrangler', 'deploy', ...args);
