import type { Config, ConfigProblem } from './index.ts';
import { SETTINGS } from './settings.ts';

/** What is wrong with settings that are right one by one, as what to report where. */
export function crossProblemsOf(config: Config): readonly (readonly [keyof typeof SETTINGS, string])[] {
  const { auth, callbacks, environment, kling } = config;
  const { publicUrl } = callbacks;
  const problems: [keyof typeof SETTINGS, string][] = [];
  if (auth.mode === 'secret' && auth.secrets.some((secret) => callbacks.secrets.includes(secret))) {
    problems.push(['AUTH_SECRET', 'is also the CALLBACK_SECRET: a party that knows one could forge the other']);
  }
  if (publicUrl !== null && (publicUrl === kling.baseUrl || isKlings(publicUrl))) {
    problems.push(['PUBLIC_URL', "is Kling's host: it must be the gateway's own"]);
  }
  const isOpen = environment === 'development' && auth.mode === 'none' && publicUrl?.startsWith('https:') === true;
  if (isOpen) problems.push(['AUTH', 'must not be none with a PUBLIC_URL on https, where everybody could spend units']);
  return problems;
}

function isKlings(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return hostname === 'klingai.com' || hostname.endsWith('.klingai.com');
}

const DURABLE_OBJECTS = ['TASK_LEDGER', 'KLING_ACCOUNT', 'HUB', 'ISSUER_KEYS'];

/** Bindings that are missing: Wrangler does not inherit them into a `[env.NAME]`. */
export function bindingProblemsOf(env: object, production: boolean): readonly ConfigProblem[] {
  const unbound = (name: string): boolean => typeof Reflect.get(env, name) !== 'object';
  const objects = DURABLE_OBJECTS.filter(unbound).map((setting) => ({
    setting,
    message: 'is not bound: keep [[durable_objects.bindings]] of wrangler.toml, and repeat them in each [env.NAME]',
  }));
  if (!production || !unbound('REQUEST_RATE')) return objects;
  const message = 'is not bound: keep [[ratelimits]] of wrangler.toml, and repeat them in each [env.NAME]';
  return [...objects, { setting: 'REQUEST_RATE', message }];
}

/** Names that begin like a setting are taken for one. */
const FAMILIES = /^(?:KLING|AUTH|TENANT|CALLBACK|CORS|TASK|EVENT|AUDIO|BODY)_|_RETENTION_DAYS$/;

/** How many characters a misspelt name differs in. */
const TYPOS_MAX = 2;

/**
 * Variables that are no setting, although their name is nearly that of one: a misspelt limit would be none at all. Other
 * names may be somebody's own, and are left alone.
 */
export function unknownNamesOf(env: object): readonly ConfigProblem[] {
  const known = Object.keys(SETTINGS);
  return Object.entries(env).flatMap(([name, value]) => {
    if (!['string', 'number', 'boolean'].includes(typeof value) || known.includes(name)) return [];
    const meant = known.find((candidate) => distance(candidate, name.toUpperCase()) <= TYPOS_MAX);
    if (meant !== undefined) return [{ setting: name, message: `is not a setting: ${meant} is` }];
    return FAMILIES.test(name)
      ? [{ setting: name, message: 'is not a setting: docs/operations.md lists them all' }]
      : [];
  });
}

/** How many characters have to be put in, left out or replaced to make one text of the other (Levenshtein). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > TYPOS_MAX) return TYPOS_MAX + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** One kind of key, and all of it: what to `report` where it is not so. */
export function keyProblemsOf(
  accessKey: string | null,
  secretKey: string | null,
  apiKey: string | null,
): readonly (readonly [setting: keyof typeof SETTINGS, message: string, how?: string])[] {
  const hasPart = accessKey !== null || secretKey !== null;
  if (apiKey !== null && hasPart) {
    const how = 'keep one kind only, and take the other away with `npx wrangler secret delete NAME`';
    return [['KLING_API_KEY', 'is set beside KLING_ACCESS_KEY or KLING_SECRET_KEY', how]];
  }
  if (apiKey !== null) return [];
  if (!hasPart) {
    return [
      ['KLING_ACCESS_KEY', 'is missing (or KLING_API_KEY instead of both keys)'],
      ['KLING_SECRET_KEY', 'is missing, with KLING_ACCESS_KEY'],
    ];
  }
  if (accessKey === null) return [['KLING_ACCESS_KEY', 'is missing, while KLING_SECRET_KEY is set']];
  return secretKey === null ? [['KLING_SECRET_KEY', 'is missing, while KLING_ACCESS_KEY is set']] : [];
}
