import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../node/raw-workerd.ts';
import { KLING_API_KEY, type Place, type Server } from './server.ts';

/** The folder of the peers that have their own packages. */
const PEERS = join(import.meta.dirname, '../peers');

const PREPARED_BYTES_MAX = 10_000_000;

export interface NodeOptions extends Pick<Server, 'name' | 'title' | 'words' | 'request'> {
  /** The path of the script in the folder of the peers. */
  readonly script: string;
  /** A script that creates its input. It runs once, before the first start. */
  readonly prepare?: string;
}

/** Creates a server on Node from a script that listens on `PORT`. */
export async function createNodeServer(
  { klingUrl, dir }: Place,
  { script, prepare, ...server }: NodeOptions,
): Promise<Server> {
  const env = { NODE_ENV: 'production', KLING_BASE_URL: klingUrl, KLING_API_KEY, PREPARED: join(dir, server.name) };
  if (prepare !== undefined) {
    const options = { env: { ...process.env, ...env }, maxBuffer: PREPARED_BYTES_MAX };
    const { stdout } = await promisify(execFile)(process.execPath, [join(PEERS, prepare)], options);
    writeFileSync(env.PREPARED, stdout);
  }
  return {
    ...server,
    gzipBytes: null,
    async command() {
      const port = await freePort();
      return { command: [process.execPath, join(PEERS, script)], port, env: { ...env, PORT: String(port) } };
    },
  };
}

/** Returns whether a peer's packages are installed, by `npm ci` in its folder. */
export function isInstalled(packages: readonly string[]): boolean {
  return packages.every((name) => existsSync(join(PEERS, 'node_modules', name, 'package.json')));
}
