import { SETTINGS } from './settings.ts';

/** What is wrong with one setting, and how to set it. Holds no value: it may be shown and logged. */
export interface ConfigProblem {
  readonly setting: string;
  readonly message: string;
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
