import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createFileUrls } from '../../../src/auth/signed-token.ts';
import { ensureAssetsFolder } from '../../node/assets-folder.ts';
import { TEST_AUTH } from '../../support/token.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SECRET = 'callback-secret-of-the-bench-0123456789';

/** The bytes of one request of both servers. */
export const CHUNK_BYTES = 8 * 1_048_576;

/** A server that takes files, with a simulated bucket. */
export interface UploadServer {
  /** The process ids of its workerd processes. */
  pids(): readonly number[];
  /** Sends a file of copies of `chunk`, of which the last is cut. Resolves when the file is stored. */
  upload(bytes: number, chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

const SETTINGS = {
  ENVIRONMENT: 'development',
  ...TEST_AUTH,
  KLING_BASE_URL: 'http://localhost:2',
  KLING_ACCESS_KEY: 'sandbox-access-key-bench',
  KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes',
  CALLBACK_SECRET: SECRET,
  PUBLIC_URL: 'http://localhost:1',
} as const;

/** Starts a Worker in a process of its own. Resolves with its URL. */
async function start(config: string, vars: object): Promise<{ child: ChildProcess; url: string }> {
  const args = [join(import.meta.dirname, 'child.ts'), join(ROOT, config), JSON.stringify(vars)];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('http://')) {
      child.stdout.resume();
      return { child, url: line };
    }
  }
  throw new Error(`${config} did not start`);
}

function serverOf(child: ChildProcess, upload: UploadServer['upload']): UploadServer {
  return {
    pids: () => childrenOf(child.pid ?? 0).filter((pid) => nameOf(pid) === 'workerd'),
    upload,
    async close() {
      const closed = new Promise((resolve) => void child.once('close', resolve));
      child.stdin?.end();
      await closed;
    },
  };
}

export async function startGateway(): Promise<UploadServer> {
  ensureAssetsFolder(ROOT);
  const { child, url } = await start('wrangler.toml', SETTINGS);
  const urls = createFileUrls(url, [SECRET]);
  return serverOf(child, async (bytes, chunk) => {
    const uploadUrl = await urls.uploadUrl({
      tenant: 'bench',
      mediaId: crypto.randomUUID(),
      kind: 'VIDEO',
      bytes,
      sha256: null,
      expiresAtMs: Date.now() + 3_600_000,
    });
    for (let offset = 0; offset < bytes; offset += CHUNK_BYTES) {
      const response = await fetch(uploadUrl, {
        method: 'PATCH',
        headers: {
          'tus-resumable': '1.0.0',
          'content-type': 'application/offset+octet-stream',
          'upload-offset': String(offset),
        },
        body: chunk.subarray(0, Math.min(CHUNK_BYTES, bytes - offset)),
      });
      if (response.status !== 204) throw new Error(`${response.status} ${await response.text()}`);
    }
  });
}

export async function startBare(): Promise<UploadServer> {
  const { child, url } = await start('test/bench/http/workers/parts/wrangler.toml', {});
  return serverOf(child, async (bytes, chunk) => {
    const key = `${url}/${crypto.randomUUID()}`;
    const uploadId = encodeURIComponent(await (await fetch(key, { method: 'POST' })).text());
    const parts: unknown[] = [];
    for (let offset = 0; offset < bytes; offset += CHUNK_BYTES) {
      const body = chunk.subarray(0, Math.min(CHUNK_BYTES, bytes - offset));
      const response = await fetch(`${key}?upload=${uploadId}&part=${parts.length + 1}`, { method: 'PUT', body });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      parts.push(await response.json());
    }
    const completed = await fetch(`${key}?upload=${uploadId}`, { method: 'POST', body: JSON.stringify(parts) });
    if (!completed.ok) throw new Error(`${completed.status} ${await completed.text()}`);
  });
}

function childrenOf(parent: number): readonly number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return ppid === parent ? [Number(name), ...childrenOf(Number(name))] : [];
    } catch {
      // The process has ended meanwhile.
      return [];
    }
  });
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}
