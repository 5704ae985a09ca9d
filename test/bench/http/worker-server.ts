import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildWorker, createRawWorker, freePort } from '../../node/raw-workerd.ts';
import { KLING_API_KEY, type Place, type Server } from './server.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const WORKERD = join(ROOT, 'node_modules/.bin/workerd');

export interface WorkerOptions extends Pick<Server, 'name' | 'title' | 'words' | 'request'> {
  /** The path of its wrangler.toml, relative to the repository's root. */
  readonly config: string;
  /** The checkout to build from. The default is this one. */
  readonly root?: string;
  /** A file that replaces its `main`. */
  readonly entry?: string;
  readonly vars?: (port: number) => Readonly<Record<string, string>>;
  /** Arguments for the bundler. */
  readonly buildArgs?: readonly string[];
  /** Arguments for workerd. */
  readonly serveArgs?: readonly string[];
}

/** Bundles a Worker as for a deployment, and serves it in a bare workerd. */
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
      // Writes the configuration. The start is separate, so that its time can be measured.
      createRawWorker(built, {
        dir: instanceDir,
        port,
        vars: { KLING_BASE_URL: klingUrl, KLING_API_KEY, ...vars?.(port) },
      });
      return { command: [WORKERD, 'serve', join(instanceDir, 'config.capnp'), ...serveArgs], port };
    },
  };
}
