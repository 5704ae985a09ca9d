/**
 * `npm run generate`: writes the generated files of the repository. `npm run generate -- schema readme` writes some of
 * them. `npm run generate -- types --check` writes nothing, and fails if the types are out of date.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, introspectionFromSchema } from 'graphql';

const ROOT = join(import.meta.dirname, '../..');
const check = process.argv.includes('--check') ? ['--check'] : [];

interface Command {
  readonly run: readonly [program: string, ...args: string[]];
  /** The folder it runs in, from the root. The default is the root. */
  readonly in?: string;
}

type Step = Command | (() => Promise<void>);

/** Writes the types of the studio's operations, from schema.graphql. */
async function writeIntrospection(): Promise<void> {
  // Imported only here, because it loads TypeScript.
  const { outputIntrospectionFile } = await import('@gql.tada/internal');
  const schema = buildSchema(readFileSync(join(ROOT, 'schema.graphql'), 'utf8'));
  const introspection = introspectionFromSchema(schema, { descriptions: false, oneOf: true });
  writeFileSync(
    join(ROOT, 'src/studio/api/introspection.d.ts'),
    outputIntrospectionFile(introspection, { fileType: '.d.ts', shouldPreprocess: true }),
  );
}

const TYPES = ['wrangler', 'types', '--include-runtime=false'] as const;
const OF_SANDBOX = ['--strict-vars=false', '--env-interface', 'SandboxEnv', '-c', 'src/sandbox/wrangler.toml'] as const;

/** The parts, in an order in which each can use what an earlier one has written. */
const PARTS: Readonly<Record<string, readonly Step[]>> = {
  // The environments of the two Workers, from their wrangler.toml.
  types: [
    { run: [...TYPES, 'src/env.d.ts', ...check] },
    { run: [...TYPES, ...OF_SANDBOX, 'src/sandbox/env.d.ts', ...check] },
  ],
  // schema.graphql and docs/webhook.schema.json from the code, and the types of the studio's operations from that.
  schema: [
    { run: ['vitest', 'run', '-c', 'test/vitest.config.ts', 'test/schema.test.ts', 'test/webhooks/body', '-u'] },
    writeIntrospection,
  ],
  // The artefacts of the Relay tests.
  relay: [
    { run: ['relay-compiler', '--noWatchman'], in: 'test/clients' },
    { run: ['relay-compiler', '--noWatchman', 'relay-persisted.config.json'], in: 'test/clients' },
  ],
  // The tables and recipes of docs/.
  readme: [{ run: ['node', 'test/node/readme.ts'] }],
};

const names = process.argv.slice(2).filter((arg) => arg !== '--check');
for (const name of names.length === 0 ? Object.keys(PARTS) : names) {
  const steps = PARTS[name];
  if (steps === undefined) {
    process.stderr.write(`There is no ${name} to generate, only ${Object.keys(PARTS).join(', ')}.\n`);
    process.exit(2);
  }
  for (const step of steps) {
    if (typeof step === 'function') {
      await step();
      continue;
    }
    const { run, in: dir = '.' } = step;
    const [program, ...args] = run;
    const { status } = spawnSync(program, args, { cwd: join(ROOT, dir), stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
}
