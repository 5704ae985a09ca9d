import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildWorker, createRawWorker, freePort } from '../../node/raw-workerd.ts';
import { KLING_API_KEY, type Place, type Server } from './server.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const WORKERD = join(ROOT, 'node_modules/.bin/workerd');

export interface WorkerOptions extends Pick<Server, 'name' | 'title' | 'words' | 'request'> {
  /** Its wrangler.toml, from the repository's root. */
  readonly config: string;
  /** Another checkout of the project, to build it from. This one unless given. */
  readonly root?: string;
  /** A file in the place of its `main`. */
  readonly entry?: string;
  readonly vars?: (port: number) => Readonly<Record<string, string>>;
  /** Arguments for the bundler. */
  readonly buildArgs?: readonly string[];
  /** Arguments for workerd. */
  readonly serveArgs?: readonly string[];
}

/** Bundles a Worker as it would be deployed, and has it served by a bare workerd. */
export async function createWorkerServer(
  { klingUrl, dir }: Place,
  { name, title, words, request, config, root = ROOT, entry, vars, buildArgs = [], serveArgs = [] }: WorkerOptions,
): Promise<Server> {
  const built = await buildWorker(config, join(dir, `${name}-script`), entry, buildArgs, root);
  return {
    name,
    title,
    words,
    request,
    gzipBytes: gzipSync(readFileSync(built.script), { level: 9 }).byteLength,
    async command(instance) {
      const port = await freePort();
      const instanceDir = join(dir, `${name}-${instance}`);
      // Writes the configuration; it is started below, so that its time can be taken.
      createRawWorker(built, {
        dir: instanceDir,
        port,
        vars: { KLING_BASE_URL: klingUrl, KLING_API_KEY, ...vars?.(port) },
      });
      return { command: [WORKERD, 'serve', join(instanceDir, 'config.capnp'), ...serveArgs], port };
    },
  };
}
