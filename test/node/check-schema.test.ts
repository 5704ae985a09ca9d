import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../src/scripts/check-schema.ts');
const OLD = 'type Query { a: Int, b(first: Int): Int }\nenum Colour { RED }\n';
const BROKEN = 'type Query { b(first: Int!): Int }\nenum Colour { RED }\n';
const WIDER = 'type Query { a: Int, b(first: Int): Int, c: Int }\nenum Colour { RED BLUE }\n';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

// Uses its own git repository, also if the tests run in a hook of another one.
const { CI: _ci, SCHEMA_BASE: _base, ...inherited } = process.env;
const env = Object.fromEntries(Object.entries(inherited).filter(([name]) => !name.startsWith('GIT_')));

interface Repository {
  readonly folder: string;
  readonly git: (...args: string[]) => void;
  readonly write: (schema: string, version?: string) => void;
  readonly commit: (schema: string, version?: string) => void;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kling-schema-'));
  folders.push(folder);
  return folder;
}

function createRepository(): Repository {
  const folder = makeFolder();
  function git(...args: string[]): void {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...identity, ...args], { cwd: folder, env, stdio: 'pipe' });
  }
  function write(schema: string, version = '1.2.3'): void {
    writeFileSync(join(folder, 'schema.graphql'), schema);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version }));
  }
  function commit(schema: string, version?: string): void {
    write(schema, version);
    git('add', '.');
    git('commit', '--allow-empty', '-m', 'a change');
  }
  git('init', '--initial-branch', 'main');
  return { folder, git, write, commit };
}

function check(folder: string, settings: Readonly<Record<string, string>> = {}): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], {
    cwd: folder,
    env: { ...env, ...settings },
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
}

describe('npm run check:schema', () => {
  it('fails for breaking changes since the last version, and lists them all', ({ expect }) => {
    const { folder, commit } = createRepository();
    commit(OLD, '1.2.3');
    commit(OLD, '1.2.4');
    commit(BROKEN, '1.2.4');
    const { code, said } = check(folder);
    expect(code).toBe(1);
    expect(said).toContain('Breaking, compared with version 1.2.3:');
    expect(said).toContain('Query.a was removed');
    expect(said).toMatch(/Query\.b\(first:\) has changed type from Int to Int!/);
    expect(said).toContain('from 1.2.3 to 2.0.0');
  });

  it('judges all changes since the last version together, on every branch', ({ expect }) => {
    const { folder, git, commit } = createRepository();
    commit(OLD, '0.1.0');
    commit(BROKEN, '0.2.0');
    git('switch', '-c', 'work');
    git('commit', '--allow-empty', '-m', 'work');
    commit('type Query { b: Int }', '0.2.0');
    const { code, said } = check(folder);
    expect(code).toBe(0);
    expect(said).toContain('Breaking, compared with version 0.1.0:');
    expect(said).toContain('Query.a was removed');
    expect(said).toContain('Colour was removed');
    expect(said).toContain('the version rose from 0.1.0 to 0.2.0');
  });

  it('compares with the last commit of the version before, not with its first', ({ expect }) => {
    const { folder, commit } = createRepository();
    commit(WIDER, '1.2.3');
    commit(OLD, '1.2.3');
    commit(OLD, '1.2.4');
    expect(check(folder)).toMatchObject({ code: 0, said: expect.stringContaining('breaks nothing of version 1.2.3') });
  });

  it('compares with HEAD while a raised version is not committed', ({ expect }) => {
    const { folder, commit, write } = createRepository();
    commit(WIDER, '1.2.3');
    commit(OLD, '1.2.3');
    write(OLD, '1.2.4');
    expect(check(folder)).toMatchObject({ code: 0, said: expect.stringContaining('breaks nothing of version 1.2.3') });
    write(BROKEN, '1.2.4');
    expect(check(folder).code).toBe(1);
  });

  it('reads uncommitted changes', ({ expect }) => {
    const { folder, commit, write } = createRepository();
    commit(OLD, '1.2.3');
    commit(WIDER, '1.2.4');
    expect(check(folder).code).toBe(0);
    write(BROKEN, '1.2.4');
    expect(check(folder).code).toBe(1);
  });

  it('prints dangerous changes and passes', ({ expect }) => {
    const { folder, commit } = createRepository();
    commit(OLD, '1.2.3');
    commit(WIDER, '1.2.4');
    const { code, said } = check(folder);
    expect(code).toBe(0);
    expect(said).toMatch(/Dangerous.*\n.*Colour\.BLUE was added/);
    expect(said).toContain('breaks nothing of version 1.2.3');
  });

  it('passes while there is no version before', ({ expect }) => {
    const { folder, commit } = createRepository();
    commit(OLD);
    commit(BROKEN);
    expect(check(folder, { CI: 'true' })).toMatchObject({
      code: 0,
      said: expect.stringContaining('no schema.graphql'),
    });
  });

  it('prefers SCHEMA_BASE, and fails in CI if it does not exist', ({ expect }) => {
    const { folder, commit } = createRepository();
    commit(OLD, '1.2.3');
    commit(BROKEN, '1.2.4');
    commit(BROKEN, '1.2.4');
    expect(check(folder).code).toBe(1);
    expect(check(folder, { SCHEMA_BASE: 'HEAD~1' }).code).toBe(0);
    expect(check(folder, { SCHEMA_BASE: 'HEAD~2' }).code).toBe(1);
    expect(check(folder, { SCHEMA_BASE: 'nowhere', CI: '1' })).toMatchObject({
      code: 1,
      said: expect.stringContaining('no nowhere'),
    });
  });

  it.for([
    ['1.2.3', '2.0.0', 0],
    ['1.2.3', '1.3.0', 1],
    ['0.1.0', '0.2.0', 0],
    ['0.1.0', '1.0.0', 0],
    ['0.1.0', '0.1.1', 1],
    ['1.0.0', '0.9.0', 1],
  ] as const)('from %s to %s ends with %i after a breaking change', ([before, after, code], { expect }) => {
    const { folder, commit } = createRepository();
    commit(OLD, before);
    commit(BROKEN, after);
    expect(check(folder).code).toBe(code);
  });

  it('without history is skipped with a message, and fails in CI', ({ expect }) => {
    const { folder, git, commit } = createRepository();
    commit(OLD);
    commit(BROKEN);
    const shallow = makeFolder();
    git('clone', '--depth', '1', `file://${folder}`, shallow);
    const bare = makeFolder();
    for (const [place, why] of [
      [shallow, 'history is shallow'],
      [bare, 'not a git repository'],
    ] as const) {
      expect(check(place)).toMatchObject({ code: 0, said: expect.stringContaining(why) });
      expect(check(place, { CI: 'true' })).toMatchObject({ code: 1, said: expect.stringContaining('SCHEMA_BASE') });
    }
  });
});
