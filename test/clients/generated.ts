import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Preset from '@graphql-codegen/client-preset';
import type * as Core from '@graphql-codegen/core';
import type * as Plugin from '@graphql-codegen/introspection';
import type { CacheExchangeOpts } from '@urql/exchange-graphcache';
import type * as Graphql from 'graphql';

/** Loaded by Node itself: Vite would load another copy of graphql than the generator uses. */
const load = createRequire(import.meta.url);
// oxlint-disable typescript/no-unsafe-type-assertion -- require() has no types, and the files below have no other shape
const { buildSchema, parse } = load('graphql') as typeof Graphql;
const { codegen } = load('@graphql-codegen/core') as typeof Core;
const { preset } = load('@graphql-codegen/client-preset') as typeof Preset;
const PLUGINS = {
  'fragment-matcher': load('@graphql-codegen/fragment-matcher') as typeof Plugin,
  introspection: load('@graphql-codegen/introspection') as typeof Plugin,
};

const ROOT = join(import.meta.dirname, '../..');
export const SDL = readFileSync(join(ROOT, 'schema.graphql'), 'utf8');
const page = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8');

/** One file of `generates`. */
interface Output {
  readonly preset?: 'client';
  readonly presetConfig?: object;
  readonly plugins?: readonly (keyof typeof PLUGINS)[];
  readonly config?: object;
}

/** Returns a block of JSON in docs/clients.md, by the word after its language. */
export function settingsOf(generator: 'codegen' | 'relay'): Record<string, unknown> {
  const [, json = ''] = new RegExp(`^\`\`\`json ${generator}\n([^]+?)\n\`\`\`$`, 'm').exec(page) ?? [];
  return JSON.parse(json) as Record<string, unknown>;
}

/** The files of docs/clients.md by name: the recipes, and the blocks that begin with their path. */
export const FILES: ReadonlyMap<string, string> = new Map([
  ...Array.from(
    page.matchAll(/<!-- recipe:(\S+) -->\n```ts\n([^]+?)\n```/g),
    ([, name, text]) => [`src/${name}.ts`, text!] as const,
  ),
  ...Array.from(page.matchAll(/^```ts\n\/\/ (src\/\S+)\n([^]+?)\n```$/gm), ([, path, text]) => [path!, text!] as const),
]);

/** Returns the documents that graphql-codegen finds in the sources that use it. */
function documents() {
  const sources = [...FILES.values()].filter((text) => text.includes(`from './gql'`));
  const texts = sources.flatMap((text) => [...text.matchAll(/ graphql\(`([^`]+)`\)/g)].map(([, found]) => found!));
  return [...new Set(texts)].map((rawSDL) => ({ location: 'src/app.ts', rawSDL, document: parse(rawSDL) }));
}

/** Runs graphql-codegen with the settings of docs/clients.md. Returns the files that it writes, by path. */
async function runCodegen(): Promise<ReadonlyMap<string, string>> {
  const { config, generates } = settingsOf('codegen') as { config: object; generates: Record<string, Output> };
  const base = { schema: parse(SDL), schemaAst: buildSchema(SDL), documents: documents() };
  const runs = await Promise.all(
    Object.entries(generates).map(async ([path, output]) => {
      const own = { ...config, ...output.config };
      if (output.preset !== undefined) {
        const presetConfig = { ...output.presetConfig };
        return preset.buildGeneratesSection({
          ...base,
          baseOutputDir: path,
          config: own,
          presetConfig,
          plugins: [],
          pluginMap: {},
        });
      }
      const plugins = (output.plugins ?? []).map((name) => ({ [name]: own }));
      return [{ ...base, filename: path, plugins, pluginMap: PLUGINS, config: own }];
    }),
  );
  return new Map(await Promise.all(runs.flat().map(async (run) => [run.filename, await codegen(run)] as const)));
}

export const GENERATED = await runCodegen();

function readGenerated(path: string): unknown {
  return JSON.parse(GENERATED.get(path) ?? 'null');
}

/** The files that the caches of Apollo Client and urql take. */
export const { possibleTypes: POSSIBLE_TYPES } = readGenerated('src/gql/possible-types.json') as {
  readonly possibleTypes: Record<string, string[]>;
};
export const INTROSPECTION = readGenerated('src/gql/introspection.json') as NonNullable<CacheExchangeOpts['schema']>;
