import { SETTINGS } from './settings.ts';

/** A problem with one setting, and how to fix it. Holds no value of a setting, so that it can be shown and logged. */
export interface ConfigProblem {
  readonly setting: string;
  readonly message: string;
}

const DURABLE_OBJECTS = ['TASK_LEDGER', 'KLING_ACCOUNT', 'HUB', 'ISSUER_KEYS'];

/** Finds missing bindings. Wrangler does not inherit bindings into a `[env.NAME]`. */
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

/** Variables with such a name are meant as a setting. */
const FAMILIES = /^(?:KLING|AUTH|TENANT|CALLBACK|CORS|TASK|EVENT|AUDIO|BODY)_|_RETENTION_DAYS$/;

/** The most edits (insertions, deletions, replacements) between a misspelt name and the setting it means. */
const TYPOS_MAX = 2;

/**
 * Finds variables whose name looks like a misspelt setting. Without this check a typo in the name of a limit would
 * silently leave its default. Variables with unrelated names may serve another purpose, and are ignored.
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

/** Returns the Levenshtein distance of two texts, or a larger number than `TYPOS_MAX` if their lengths differ by more. */
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
