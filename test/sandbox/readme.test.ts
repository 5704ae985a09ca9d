import { it } from 'vitest';
import readme from '../../src/sandbox/README.md?raw';
import { scenarioWords } from '../../src/sandbox/scenarios.ts';
import { defaultSettings, noFaults } from '../../src/sandbox/settings.ts';
import { env } from 'cloudflare:workers';

it('the README of the sandbox names every scenario word, setting, fault and variable', ({ expect }) => {
  const names = [
    ...scenarioWords.map((word) => `sandbox-${word}`),
    ...Object.keys(defaultSettings(env)),
    ...Object.keys(noFaults),
    ...Object.keys(env).filter(
      (name) => name.startsWith('SANDBOX_') && typeof env[name as keyof typeof env] === 'string',
    ),
  ];
  expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
