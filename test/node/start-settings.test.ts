import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../src/scripts/start.ts');

it.for([
  ['PORT', 'abc'],
  ['PORT', '80'],
  ['PORT', '65000'],
  ['HOST', 'my-laptop'],
] as const)('npm start refuses %s=%s, and starts nothing', ([name, value], { expect }) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], {
    env: { ...process.env, [name]: value },
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^${name} must be .*; it is ${value}\\.\n$`));
});
