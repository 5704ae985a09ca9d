import { unstable_readConfig } from 'wrangler';
import type { ConfigProblem } from '../../config/checks.ts';
import { readConfig } from '../../config/index.ts';
import { SETTINGS, type Setting } from '../../config/settings.ts';

/** What a secret is taken to be: Cloudflare tells nobody its value. */
function standInOf(name: string): string {
  return name === 'KLING_WEBHOOK_SECRETS' ? `whsec_${'x'.repeat(32)}` : `${name}-0123456789-0123456789-0123456789`;
}

/** Which Worker is meant, as `wrangler deploy` takes it. */
export interface Target {
  /** The file of its settings. */
  readonly config: string;
  readonly env?: string;
}

/** What is read of it. */
interface WranglerConfig {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly ratelimits: readonly { readonly name: string }[];
  readonly durable_objects: { readonly bindings: readonly { readonly name: string }[] };
  readonly secrets?: { readonly required?: readonly string[] };
}

function standInFor(name: string): string | null {
  const setting: Setting<unknown> | undefined = Object.entries<Setting<unknown>>(SETTINGS).find(
    ([known]) => known === name,
  )?.[1];
  if (setting?.secret === false) return setting.example ?? setting.fallback;
  return standInOf(name);
}

/**
 * What the gateway would say at `/ready` with the settings of wrangler.toml and the secrets of these names, and what it
 * cannot know: that a secret stands in the open.
 */
export function findProblems(target: Target, secretNames: readonly string[]): readonly ConfigProblem[] {
  const { vars, ratelimits, durable_objects, secrets }: WranglerConfig = unstable_readConfig(target);
  const result = readConfig({
    ...vars,
    ...Object.fromEntries(secretNames.map((name) => [name, standInFor(name)])),
    ...Object.fromEntries([...ratelimits, ...durable_objects.bindings].map(({ name }) => [name, {}])),
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
