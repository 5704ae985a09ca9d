import { describe, it } from 'vitest';
import { SETTINGS } from '../src/config/settings.ts';

const sources = import.meta.glob<string>('../src/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true });
const tests = import.meta.glob<string>('./**/*.ts', { query: '?raw', import: 'default', eager: true });

/** The folders and root files that each folder of `src` may import, apart from itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  domain: ['lib', 'errors.ts'],
  kling: ['domain', 'lib', 'errors.ts'],
  schema: ['domain', 'lib', 'errors.ts'],
  auth: ['domain', 'lib', 'errors.ts', 'config'],
  account: ['domain', 'lib', 'errors.ts', 'config'],
  ledger: ['account', 'auth', 'kling', 'domain', 'lib', 'errors.ts', 'config'],
  media: ['auth', 'domain', 'lib', 'errors.ts', 'config'],
  config: ['graphql', 'schema', 'domain', 'lib', 'trusted-documents.json'],
  engine: [],
  graphql: ['engine', 'domain', 'lib', 'errors.ts'],
  hub: ['ledger', 'auth', 'engine', 'graphql', 'schema', 'domain', 'lib', 'errors.ts', 'config'],
  webhooks: ['auth', 'engine', 'schema', 'domain', 'lib', 'errors.ts', 'config'],
  http: [
    'ledger',
    'media',
    'hub',
    'auth',
    'engine',
    'graphql',
    'schema',
    'kling',
    'domain',
    'lib',
    'errors.ts',
    'config',
  ],
  sandbox: [],
  scripts: ['config'],
  studio: ['domain', 'lib'],
};

/** The files that may use `Env` and `cloudflare:workers`. All other files get values. */
const ROOTS = new Set([
  'index.ts',
  'gateway.ts',
  'config/index.ts',
  'config/settings.ts',
  'http/app.ts',
  'http/log.ts',
  'ledger/task-ledger.ts',
  'ledger/wiring.ts',
  'account/kling-account.ts',
  'hub/hub.ts',
  'auth/issuer-keys.ts',
  'media/upload.ts',
  'webhooks/webhook.ts',
]);

const files = Object.entries(sources)
  .map(([path, text]) => ({ path: path.replace('../src/', ''), text }))
  .filter(({ path }) => !path.endsWith('.d.ts'));

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path;
}

/** The files of the Worker. */
const ownPart = files.filter(({ path }) => !['sandbox', 'scripts', 'studio'].includes(folderOf(path)));

function importsOf({ path, text }: { readonly path: string; readonly text: string }): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) =>
    new URL(match[1]!, `file:///${path}`).pathname.slice(1),
  );
}

/** Returns the files and all their imports, direct and indirect. Adds them to `seen`. */
function reachedFrom(paths: readonly string[], seen = new Set<string>()): Set<string> {
  for (const path of paths) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = sources[`../src/${path}`];
    if (text !== undefined) reachedFrom(importsOf({ path, text }), seen);
  }
  return seen;
}

describe('imports', () => {
  it.for(files.filter(({ path }) => path.includes('/')))('of $path point one way', (file, { expect }) => {
    const folder = folderOf(file.path);
    const allowed = new Set([folder, ...(MAY_IMPORT[folder] ?? [])]);
    expect(importsOf(file).filter((path) => !allowed.has(folderOf(path)))).toEqual([]);
  });

  it('have a rule for every folder', ({ expect }) => {
    const folders = new Set(files.filter(({ path }) => path.includes('/')).map(({ path }) => folderOf(path)));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  it('form no circle', ({ expect }) => {
    const inCircle = files.filter((file) => reachedFrom(importsOf(file)).has(file.path));
    expect(inCircle.map(({ path }) => path)).toEqual([]);
  });

  it('of the engine are from graphql only, and other folders import only its entry', ({ expect }) => {
    const packages = files
      .filter(({ path }) => folderOf(path) === 'engine')
      .flatMap(({ text }) => [...text.matchAll(/from '([^.][^']*)'/g)].map(([, name]) => name));
    expect([...new Set(packages)]).toEqual(['graphql']);
    const others = files.filter(({ path }) => folderOf(path) !== 'engine').flatMap(importsOf);
    expect([...new Set(others.filter((path) => folderOf(path) === 'engine'))]).toEqual(['engine/run.ts']);
  });

  it('reach every file of the product from its roots', ({ expect }) => {
    const seen = reachedFrom(['index.ts']);
    expect(ownPart.map(({ path }) => path).filter((path) => !seen.has(path))).toEqual([]);
  });
});

describe('the platform', () => {
  it('is named at the roots only', ({ expect }) => {
    const others = ownPart.filter(({ path }) => !ROOTS.has(path));
    const naming = others.filter(({ text }) => /\bEnv\b|\benv\.|from 'cloudflare:workers'/.test(withoutComments(text)));
    expect(naming.map(({ path }) => path)).toEqual([]);
  });

  it('is read for settings in config/ only', ({ expect }) => {
    const reads = new RegExp(`\\b(?:env|process\\.env)(?:\\.|\\[')(?:${Object.keys(SETTINGS).join('|')})\\b`);
    const reading = ownPart.filter(
      ({ path, text }) => folderOf(path) !== 'config' && reads.test(withoutComments(text)),
    );
    expect(reading.map(({ path }) => path)).toEqual([]);
  });

  it('gives time and randomness at the roots only', ({ expect }) => {
    const pure = files.filter(({ path }) => ['domain', 'schema'].includes(folderOf(path)));
    const impure = pure.filter(({ text }) =>
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bcrypto\.|\bfetch\(|\bsetTimeout\b/.test(withoutComments(text)),
    );
    expect(impure.map(({ path }) => path)).toEqual([]);
  });
});

describe('a task', () => {
  it('is changed only by the journal', ({ expect }) => {
    const writing = ownPart.filter(({ text }) =>
      /\btasks\.(?:insert|step|writeRecord|remove)\(/.test(withoutComments(text)),
    );
    expect(writing.map(({ path }) => path)).toEqual(['ledger/journal.ts']);
  });
});

describe('a response', () => {
  it('of the Worker is made by http/respond.ts, unless Yoga makes it', ({ expect }) => {
    const worker = ownPart.filter(({ path }) => folderOf(path) === 'http' || !path.includes('/'));
    const making = worker.filter(({ text }) => /\bnew Response\(|\bResponse\.json\(/.test(withoutComments(text)));
    expect(making.map(({ path }) => path)).toEqual(['http/respond.ts']);
  });
});

describe('waits', () => {
  it('of retries grow only in lib/time.ts, which has tests', ({ expect }) => {
    const product = files.filter(({ path }) => !['sandbox', 'scripts'].includes(folderOf(path)));
    const growing = product.filter(({ text }) => /\*\*\s*[a-z(]/i.test(withoutComments(text)));
    expect(growing.map(({ path }) => path)).toEqual(['lib/time.ts']);
  });
});

describe('files', () => {
  it('have at most 400 lines', ({ expect }) => {
    const all = [...files, ...Object.entries(tests).map(([path, text]) => ({ path: `test/${path.slice(2)}`, text }))];
    const long = all.filter(({ text }) => text.split('\n').length > 401);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('of the Worker with fewer than 40 lines have at least three importers', ({ expect }) => {
    const short = ownPart.filter(({ path, text }) => path !== 'index.ts' && text.split('\n').length <= 40);
    const importersOf = (path: string) => ownPart.filter((file) => importsOf(file).includes(path)).length;
    expect(short.map(({ path }) => path).filter((path) => importersOf(path) < 3)).toEqual([]);
  });

  it('are named in kebab-case, and have a default export only if the platform requires it', ({ expect }) => {
    expect(
      files.map(({ path }) => path).filter((path) => !/^[a-z\d/-]+\.tsx?$/.test(path.replace('.config.ts', '.ts'))),
    ).toEqual([]);
    const defaults = files.filter(({ text }) => /^export default/m.test(text)).map(({ path }) => path);
    expect(defaults.filter((path) => !/(^|\/)(index|vite\.config)\.ts$/.test(path))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}
