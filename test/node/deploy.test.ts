import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'kling-deploy-'));
afterAll(() => rmSync(dir, { recursive: true }));

const TOML = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
const VARS = {
  PUBLIC_URL: 'https://gateway.example.com',
  AUTH_JWKS_URL: 'https://issuer.example.com/.well-known/jwks.json',
  AUTH_ISSUER: 'https://issuer.example.com',
  AUTH_AUDIENCE: 'kling-gateway',
};
const BUCKET = 'kling-graphql-gateway-media';
const SECRETS = ['KLING_ACCESS_KEY', 'KLING_SECRET_KEY', 'CALLBACK_SECRET'];

interface Cloudflare {
  readonly secrets?: readonly string[];
  /** The text with which wrangler fails instead of listing secrets. */
  readonly refusal?: string;
  readonly vars?: Readonly<Record<string, string>>;
  /** The text with which wrangler fails to show the bucket. Null if the bucket exists. */
  readonly bucketRefusal?: string | null;
  /** The rules of the bucket, as wrangler lists them. */
  readonly rules?: string;
}

/** Wrangler's words for a bucket that was not created yet. */
const NO_BUCKET = 'The specified bucket does not exist. [code: 10006]';

/** Runs `npm run deploy` with a fake wrangler that records its arguments. */
function deploy(
  { secrets = SECRETS, refusal, vars = VARS, bucketRefusal = null, rules = 'abort-unfinished-uploads' }: Cloudflare,
  ...args: string[]
) {
  const calls = join(dir, 'calls');
  rmSync(calls, { force: true });
  const lines = Object.entries(vars).map(([name, value]) => `${name} = "${value}"\n`);
  writeFileSync(join(dir, 'wrangler.toml'), TOML.replace('[vars]\n', `[vars]\n${lines.join('')}`));
  const list = JSON.stringify(
    secrets.map((name) => ({ name, type: 'secret_text' })),
    null,
    2,
  );
  writeFileSync(
    join(dir, 'wrangler'),
    `#!${process.execPath}
    import { appendFileSync } from 'node:fs';
    const args = process.argv.slice(2);
    appendFileSync(${JSON.stringify(calls)}, args.join(' ') + '\\n');
    const refusal = ${JSON.stringify(refusal ?? null)};
    if (args[0] === 'secret' && refusal !== null) { console.error(refusal); process.exitCode = 1; }
    const bucketRefusal = ${JSON.stringify(bucketRefusal)};
    const command = args.slice(0, 4).join(' ');
    if (command.startsWith('r2 bucket info') && bucketRefusal !== null) {
      console.error(bucketRefusal);
      process.exitCode = 1;
    }
    if (command === 'r2 bucket lifecycle list') console.log(${JSON.stringify(rules)});
    if (args[0] === 'secret' && refusal === null) console.log(${JSON.stringify(list)});`,
  );
  chmodSync(join(dir, 'wrangler'), 0o755);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'src/scripts/deploy.ts'), '--config', join(dir, 'wrangler.toml'), ...args],
    { encoding: 'utf8', env: { ...process.env, PATH: `${dir}${delimiter}${process.env['PATH']}` } },
  );
  const called = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
  return { status, said: stdout + stderr, called, isDeployed: called.some((line) => line.startsWith('deploy')) };
}

describe('npm run deploy', () => {
  it('explains every missing setting and how to set it, and deploys nothing', ({ expect }) => {
    const { status, said, isDeployed } = deploy({ secrets: [], vars: {} });
    expect(status).toBe(1);
    expect(isDeployed).toBe(false);
    for (const name of SECRETS) expect(said).toContain(`npx wrangler secret put ${name}`);
    for (const [name, value] of Object.entries(VARS)) expect(said).toContain(`${name} = "${value}"`);
    expect(said).toContain('The SecretKey that belongs to `KLING_ACCESS_KEY`.');
    expect(said).toContain('Nothing was deployed.');
  });

  it('names only the one missing secret', ({ expect }) => {
    const { status, said, isDeployed } = deploy({ secrets: SECRETS.slice(0, 2) });
    expect([status, isDeployed]).toEqual([1, false]);
    expect(said.match(/npx wrangler secret put \w+/g)).toEqual(['npx wrangler secret put CALLBACK_SECRET']);
  });

  it.for([
    ['a secret that another setting asks for', { vars: { ...VARS, AUTH: 'secret' } }, 'AUTH_SECRET is missing'],
    ['a value that is wrong', { vars: { ...VARS, AUTH_MAX_AGE_HOURS: 'soon' } }, 'AUTH_MAX_AGE_HOURS must be a whole'],
    [
      'a secret in the open',
      { vars: { ...VARS, KLING_API_KEY: 'k' }, secrets: ['CALLBACK_SECRET'] },
      'stands in the open',
    ],
    ['both kinds of key', { secrets: [...SECRETS, 'KLING_API_KEY'] }, 'npx wrangler secret delete'],
  ] as const)('is stopped by %s', ([, cloudflare, words], { expect }) => {
    const { status, said, isDeployed } = deploy(cloudflare);
    expect([status, isDeployed]).toEqual([1, false]);
    expect(said).toContain(words);
  });

  it('builds the studio and deploys with its arguments if all settings are right', ({ expect }) => {
    const { status, said, called } = deploy({ secrets: [...SECRETS, 'KLING_WEBHOOK_SECRETS'] }, '--name', 'other');
    expect(said).toContain('studio: script gzip');
    expect(status).toBe(0);
    const config = join(dir, 'wrangler.toml');
    expect(called).toEqual([
      `secret list --format json --config ${config} --name other`,
      `r2 bucket info ${BUCKET} --config ${config}`,
      `r2 bucket lifecycle list ${BUCKET} --config ${config}`,
      `deploy --config ${config} --name other`,
    ]);
  });

  it('creates the bucket, with the rule that aborts unfinished uploads', ({ expect }) => {
    const { status, called } = deploy({ bucketRefusal: NO_BUCKET, rules: '' });
    const config = `--config ${join(dir, 'wrangler.toml')}`;
    expect([status, called.slice(1)]).toEqual([
      0,
      [
        `r2 bucket info ${BUCKET} ${config}`,
        `r2 bucket create ${BUCKET} ${config}`,
        `r2 bucket lifecycle list ${BUCKET} ${config}`,
        `r2 bucket lifecycle add ${BUCKET} abort-unfinished-uploads --abort-multipart-days 1 --force ${config}`,
        `deploy ${config}`,
      ],
    ]);
  });

  it('is stopped by an account without R2, and says how to deploy without files', ({ expect }) => {
    const bucketRefusal = 'Please enable R2 through the Cloudflare Dashboard. [code: 10042]';
    const { status, said, isDeployed } = deploy({ bucketRefusal });
    expect([status, isDeployed]).toEqual([1, false]);
    expect(said).toContain(bucketRefusal);
    expect(said).toContain('delete [[r2_buckets]] in wrangler.toml');
  });

  it.for([
    ['that nobody is logged in', 'In a non-interactive environment, set a CLOUDFLARE_API_TOKEN', 'npx wrangler login'],
    ['that the token is refused', 'Authentication error [code: 10000]', 'npx wrangler login'],
    ['what wrangler says of anything else', 'Unable to resolve Cloudflare’s API hostname', 'Unable to resolve'],
  ] as const)('reports %s, and deploys nothing', ([, refusal, words], { expect }) => {
    const { status, said, isDeployed } = deploy({ refusal });
    expect([status, isDeployed]).toEqual([1, false]);
    expect(said).toContain(words);
  });

  it('treats a Worker that was never deployed as one without secrets', ({ expect }) => {
    const { said } = deploy({ refusal: 'This Worker does not exist on your account. [code: 10007]' });
    expect(said.match(/secret put \w+/g)).toHaveLength(SECRETS.length);
  });
});
