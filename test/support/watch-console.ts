import { env } from 'cloudflare:workers';
import { afterEach } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';
import { createFindSecrets } from './secrets.ts';

/** Names of secrets that the Worker, its objects or a test have printed. They share one console. */
const found = new Set<string>();

/**
 * The newest lines, which are printed when a test fails. A workaround: @cloudflare/vitest-plugin 1.4 holds back what an
 * object prints until the runner's next message. A line after the last test makes the run hang.
 * Remove when fixed: https://github.com/cloudflare/workers-sdk/issues/15719
 */
const lines: (() => void)[] = [];
const LINES_MAX = 1_000;

const LEVELS = ['debug', 'log', 'info', 'warn', 'error'] as const;

/** The original console, saved by the first test file of this runtime. */
const shared = globalThis as { firstConsole?: Record<string, (...args: unknown[]) => void> };
// oxlint-disable-next-line no-console -- wrapped below
shared.firstConsole ??= Object.fromEntries(LEVELS.map((level) => [level, console[level].bind(console)]));
const { firstConsole } = shared;

for (const level of LEVELS) {
  // oxlint-disable-next-line no-console -- wrapped, not used
  console[level] = (...args: unknown[]) => {
    const text = args.map((arg) => (typeof arg === 'string' ? arg : (JSON.stringify(arg) ?? ''))).join(' ');
    for (const name of findSecrets(text)) found.add(name);
    lines.push(() => firstConsole[level]?.(...args));
    if (lines.length > LINES_MAX) lines.shift();
  };
}

afterEach(({ task }) => {
  const printed = lines.splice(0);
  if (task.result?.state === 'fail') for (const print of printed) print();
  const names = [...found];
  found.clear();
  if (names.length > 0) throw new Error(`the printed lines contain ${names.join(', ')}`);
});

let known = { of: '', find: createFindSecrets({}) };

/** Searches for the secrets that are set now. A test file may set its own keys while it loads. */
function findSecrets(text: string): readonly string[] {
  const secrets = secretsNow();
  const of = JSON.stringify(secrets);
  if (of !== known.of) known = { of, find: createFindSecrets(secrets) };
  return known.find(text);
}

function secretsNow(): Record<string, string> {
  const names = Object.entries(SETTINGS).filter(([, { secret }]) => secret);
  return Object.fromEntries(
    names.flatMap(([name]) => {
      const value: unknown = Reflect.get(env, name);
      return typeof value === 'string' ? [[name, value] as const] : [];
    }),
  );
}
