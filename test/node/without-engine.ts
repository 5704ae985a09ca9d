/**
 * Runs the tests of the HTTP layer and the audits on a copy of the project without the plugin that installs the compiled
 * executor: Yoga's own executor has to answer the same. Usage: npx node test/node/without-engine.ts
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const copy = join(root, 'dist/without-engine');
rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
for (const name of files.split('\0').filter((each) => each !== '')) cpSync(join(root, name), join(copy, name));
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
for (const user of ['src/gateway.ts', 'test/support/graphql-client.ts']) leaveOutPlugin(join(copy, user));

// The audits of foreign ids take minutes, and are about the ledger: whose an object is does not depend on the executor.
const audits = readdirSync(join(root, 'test/security')).filter((name) => !/^tenants-(?:reads|writes)/.test(name));
const tests = ['test/http/', ...audits.map((name) => `test/security/${name}`), 'test/node/conformance.test.ts'];
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '-c', 'test/vitest.config.ts', ...tests], {
  cwd: copy,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
rmSync(copy, { recursive: true });

/** Throws if a file does not install the plugin in one place. */
function leaveOutPlugin(path: string): void {
  const parts = readFileSync(path, 'utf8').split('executor: useCompiledExecutor()');
  if (parts.length !== 2) throw new Error(`${path} does not install the plugin once`);
  writeFileSync(path, parts.join('executor: false'));
}
