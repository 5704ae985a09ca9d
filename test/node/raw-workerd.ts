import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { basename, dirname, extname, join, relative, resolve as resolvePath } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SETTINGS } from '../../src/config/settings.ts';
import { createFindSecrets, SECRET_CHARS_MAX } from '../support/secrets.ts';
import { unstable_readConfig as readWranglerConfig } from 'wrangler';
import { ensureAssetsFolder } from './assets-folder.ts';
import { listen } from './loopback-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');

/** A built Worker on disk, as it would be deployed. */
export interface BuiltWorker {
  readonly script: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly vars: Readonly<Record<string, string>>;
  readonly objects: readonly { readonly binding: string; readonly className: string }[];
}

export interface RawWorkerOptions {
  /** The folder of the configuration and the storage of objects. Created if missing. */
  readonly dir: string;
  readonly port: number;
  /** Overrides `[vars]` of the same name, and adds others. */
  readonly vars: Readonly<Record<string, string>>;
  /** Called with each piece of the output of the process: its log and its crashes. */
  readonly onOutput?: (text: string) => void;
}

/** One Worker in its own `workerd serve` process, without a proxy, with its objects on disk. */
export interface RawWorker {
  readonly url: string;
  /** Starts the process and waits until its port answers. Throws if the process ends first. */
  start(): Promise<void>;
  /** Kills the process by SIGKILL, so that nothing is flushed. Resolves when it has ended. */
  kill(): Promise<void>;
  /** The process id. 0 before the start. */
  pid(): number;
  /** The folder of the SQLite files of an object class. */
  storageDir(className: string): string;
}

/** The files of a build that are modules of bytes. The bundler names each after its content. */
const DATA_EXTENSIONS: ReadonlySet<string> = new Set(['.mp4', '.mp3', '.png']);

const STARTUP_MS_MAX = 20_000;

/** The running processes. They end with this process, unless it is killed by SIGKILL. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Bundles a Worker into `outDir`, as `wrangler deploy` would. `config` is the path of its wrangler.toml from `root`.
 * `entry` is a file that replaces its `main`, with the same classes. `more` are arguments for the bundler.
 */
export async function buildWorker(
  config: string,
  outDir: string,
  entry?: string,
  more: readonly string[] = [],
  root = ROOT,
): Promise<BuiltWorker> {
  ensureAssetsFolder(root);
  const configPath = resolvePath(root, config);
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', PATH: `${BIN}:${process.env['PATH']}` };
  const args = [
    'deploy',
    ...(entry === undefined ? [] : [entry]),
    '--dry-run',
    '--config',
    configPath,
    '--outdir',
    outDir,
    ...more,
  ];
  await promisify(execFile)(join(BIN, 'wrangler'), args, { cwd: root, env });
  const { compatibility_date, compatibility_flags, vars, durable_objects } = readWranglerConfig({ config: configPath });
  return {
    script: join(outDir, `${basename(entry ?? 'index.ts', '.ts')}.js`),
    compatibilityDate: compatibility_date ?? '',
    compatibilityFlags: compatibility_flags,
    vars: Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, String(value)])),
    objects: durable_objects.bindings.map((bound: DurableObjectBinding) => {
      return { binding: bound.name, className: bound.class_name };
    }),
  };
}

interface DurableObjectBinding {
  readonly name: string;
  readonly class_name: string;
}

/** Returns a free port of the loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

/** Returns the secrets among the settings, by name. */
function secretsOf(vars: Readonly<Record<string, string>>): Record<string, string> {
  const secrets = new Map(Object.entries(SETTINGS).filter(([, { secret }]) => secret));
  return Object.fromEntries(Object.entries(vars).filter(([name]) => secrets.has(name)));
}

/** Creates a Worker that is not started yet. The test run fails if the process writes one of its secrets. */
export function createRawWorker(worker: BuiltWorker, { dir, port, vars, onOutput }: RawWorkerOptions): RawWorker {
  const storage = join(dir, 'storage');
  mkdirSync(storage, { recursive: true });
  const config = join(dir, 'config.capnp');
  writeFileSync(config, toCapnp(worker, { dir, storage, port, vars: { ...worker.vars, ...vars } }));
  let child: ChildProcess | null = null;
  const findSecrets = createFindSecrets(secretsOf(vars));

  async function answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  }

  return {
    url: `http://127.0.0.1:${port}`,
    storageDir: (className) => join(storage, className),
    pid: () => child?.pid ?? 0,

    async start() {
      const started = spawn(join(BIN, 'workerd'), ['serve', config], { stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      running.add(started);
      started.once('exit', () => running.delete(started));
      let said = '';
      for (const stream of [started.stdout, started.stderr]) {
        let recent = '';
        stream.setEncoding('utf8').on('data', (text: string) => {
          said = (said + text).slice(-2_000);
          onOutput?.(text);
          recent = recent.slice(-SECRET_CHARS_MAX) + text;
          const found = findSecrets(recent);
          // Not caught, so that it ends the test run.
          if (found.length > 0) throw new Error(`workerd wrote ${found.join(', ')}`);
        });
      }
      const deadlineMs = Date.now() + STARTUP_MS_MAX;
      while (!(await answers())) {
        if (started.exitCode !== null)
          throw new Error(`workerd ended with ${started.exitCode} before it listened: ${said}`);
        if (Date.now() > deadlineMs) throw new Error('workerd does not listen');
        await wait(10);
      }
    },

    async kill() {
      const ending = child;
      child = null;
      if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => void ending.once('exit', resolve));
      ending.kill('SIGKILL');
      await ended;
    },
  };
}

function toCapnp(
  { script, compatibilityDate, compatibilityFlags, objects }: BuiltWorker,
  { dir, storage, port, vars }: { dir: string; storage: string; port: number; vars: Readonly<Record<string, string>> },
): string {
  const bindings = [
    ...Object.entries(vars).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`),
    ...objects.map(
      ({ binding, className }) => `(name = ${quoted(binding)}, durableObjectNamespace = ${quoted(className)})`,
    ),
  ];
  const folder = dirname(script);
  const data = readdirSync(folder).filter((name) => DATA_EXTENSIONS.has(extname(name)));
  const modules = [
    `(name = "index.js", esModule = embed ${quoted(relative(dir, script))})`,
    ...data.map((name) => `(name = ${quoted(name)}, data = embed ${quoted(relative(dir, join(folder, name)))})`),
  ];
  const namespaces = objects.map(
    ({ className }) => `(className = ${quoted(className)}, uniqueKey = ${quoted(className)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (path = ${quoted(storage)}, writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  compatibilityDate = ${quoted(compatibilityDate)},
  compatibilityFlags = [${compatibilityFlags.map(quoted).join(', ')}],
  globalOutbound = "internet",
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${bindings.join(', ')}],
  durableObjectNamespaces = [${namespaces.join(', ')}],
);
`;
}

/** Quotes a text for capnp, which uses the syntax of JSON. */
function quoted(value: string): string {
  return JSON.stringify(value);
}
