import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureAssetsFolder } from '../node/assets-folder.ts';

/** Counts of the things that an upload or the bucket has left on disk. */
export interface BucketRemains {
  /** The files of the bucket. */
  readonly files: number;
  /** Parts that belong to no file. */
  readonly orphanParts: number;
  /** Begun files without parts. The bucket's lifecycle rule ends them after a day. */
  readonly begunFiles: number;
  /** The objects of uploads. */
  readonly objects: number;
  /** The rows of bytes and parts in these objects. */
  readonly rows: number;
}

/** A gateway with a simulated bucket, which can be killed at any time. */
export interface BucketGateway {
  readonly url: string;
  start(): Promise<void>;
  /** Kills the gateway and the bucket by SIGKILL, so that nothing is flushed. Resolves when they have ended. */
  kill(): Promise<void>;
  /** Reads the disk. Only call it while the gateway is down. */
  remains(): BucketRemains;
}

const ROOT = join(import.meta.dirname, '../..');

const START_MS_MAX = 60_000;

/** The running process groups. They end with this process. */
const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) process.kill(-pid, 'SIGKILL');
});

/** The options of a gateway with a bucket. */
export interface BucketGatewayOptions {
  /** The folder of the objects and the bucket. */
  readonly dir: string;
  readonly port: number;
  /** The settings. */
  readonly vars: Readonly<Record<string, string>>;
}

/** Creates a gateway that is not started yet. */
export function createBucketGateway({ dir, port, vars }: BucketGatewayOptions): BucketGateway {
  ensureAssetsFolder(ROOT);
  const settings = join(dir, 'settings.env');
  const lines = Object.entries(vars).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  writeFileSync(settings, lines.join(''));
  const at = ['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'];
  const args = ['dev', ...at, '--persist-to', dir, '--env-file', settings, '--log-level', 'error'];
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  async function answers(): Promise<boolean> {
    return fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  return {
    url,
    async start() {
      const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' };
      // A group of its own, so that one signal kills the bucket, the gateway and what started them.
      const started = spawn(join(ROOT, 'node_modules/.bin/wrangler'), args, {
        cwd: ROOT,
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
        detached: true,
      });
      const { pid } = started;
      if (pid === undefined) throw new Error('the gateway did not start');
      child = started;
      running.add(pid);
      started.once('exit', () => running.delete(pid));
      const deadlineMs = Date.now() + START_MS_MAX;
      while (!(await answers())) {
        if (started.exitCode !== null || started.signalCode !== null) {
          throw new Error(`the gateway ended with ${started.exitCode ?? started.signalCode} at its start`);
        }
        if (Date.now() > deadlineMs) throw new Error('the gateway does not answer');
        await wait(50);
      }
    },
    async kill() {
      const ending = child;
      child = null;
      if (ending?.pid === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => void ending.once('exit', resolve));
      process.kill(-ending.pid, 'SIGKILL');
      await ended;
      // wrangler takes another port if the killed workerd still has this one.
      while (await isListening(port)) await wait(20);
    },
    remains: () => readRemains(join(dir, 'v3')),
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function readRemains(dir: string): BucketRemains {
  const sum = (folder: string, table: string, query: string): number =>
    databasesOf(join(dir, folder)).reduce((total, file) => total + countIn(file, table, query), 0);
  return {
    files: sum('r2', '_mf_objects', 'SELECT count(*) AS n FROM _mf_objects'),
    orphanParts: sum(
      'r2',
      '_mf_multipart_parts',
      'SELECT count(*) AS n FROM _mf_multipart_parts WHERE object_key IS NULL',
    ),
    begunFiles: sum(
      'r2',
      '_mf_multipart_uploads',
      `SELECT count(*) AS n FROM _mf_multipart_uploads AS begun WHERE state = 0 AND NOT EXISTS
        (SELECT 1 FROM _mf_multipart_parts AS part WHERE part.upload_id = begun.upload_id)`,
    ),
    objects: sum('do', 'chunk', 'SELECT 1 AS n'),
    rows: sum('do', 'chunk', 'SELECT (SELECT count(*) FROM chunk) + (SELECT count(*) FROM part) AS n'),
  };
}

function databasesOf(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => join(dir, name));
}

/** Counts 0 in a database without the table. Opening a file recovers its write-ahead log. */
function countIn(file: string, table: string, query: string): number {
  const db = new DatabaseSync(file);
  try {
    const found = db.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE name = ?`).get(table);
    return Number(found?.['n']) === 0 ? 0 : Number(db.prepare(query).get()?.['n'] ?? 0);
  } finally {
    db.close();
  }
}
