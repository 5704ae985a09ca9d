import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

export type ListedSecrets =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly why: string };

/** Cloudflare's code, and wrangler's words, for a Worker that was never deployed: it has no secrets yet. */
const NEVER_DEPLOYED = /\b10007\b|worker\b.*\b(?:not found|does not exist)/i;

/** No token, none that is taken (10000, 9109), or a login that has run out. */
const SIGNED_OUT = /CLOUDFLARE_API_TOKEN|not logged in|not authenticated|authentication error|\b(?:10000|9109)\b/i;

const LOGIN = 'You are not logged in to Cloudflare: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.';

/** The names of the secrets that the Worker has at Cloudflare, who gives no values. `target` says which Worker, as for `wrangler deploy`. */
export function listSecrets(root: string, target: readonly string[]): ListedSecrets {
  // Its standard input is no terminal: it says that nobody is logged in and does not open a browser.
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
    // It may say something else above, such as that there is a newer one.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- wrangler's own output
    const secrets = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as readonly { readonly name: string }[];
    return { ok: true, names: secrets.map(({ name }) => name) };
  } catch {
    return { ok: false, why: `The secrets cannot be listed. wrangler says:\n${said}` };
  }
}
