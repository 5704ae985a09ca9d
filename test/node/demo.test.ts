import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { TOKEN } from '../support/token.ts';
import { startStack, type GatewayStack } from './gateway-stack.ts';

const demo = join(import.meta.dirname, '../../src/scripts/demo.ts');
let stack: GatewayStack;

beforeAll(async () => {
  stack = await startStack({ sandbox: { submittedMs: 100, processingMs: 400 } });
});
afterAll(() => stack.close());

function run(gatewayUrl: string, sandboxUrl?: string): Promise<{ readonly stdout: string }> {
  return promisify(execFile)(process.execPath, [demo], {
    env: {
      ...process.env,
      GATEWAY_URL: gatewayUrl,
      GATEWAY_TOKEN: TOKEN,
      ...(sandboxUrl === undefined ? {} : { SANDBOX_URL: sandboxUrl }),
    },
  });
}

describe('npm run demo', () => {
  it('makes a lip-sync and a voice, and receives every status', async ({ expect }) => {
    const { stdout } = await run(stack.gateway.url, stack.sandboxUrl);
    const states = [...stdout.matchAll(/^ +\d+\.\d s {2}([A-Z]+)$/gm)].map(([, state]) => state);
    expect(states.filter((state) => state === 'SUCCEEDED')).toHaveLength(2);
    expect(states).toContain('PROCESSING');
    const [, url = ''] = /result: (http\S*\.mp4\S*)/.exec(stdout) ?? [];
    const video = await fetch(url);
    expect(video.headers.get('content-type')).toBe('video/mp4');
    expect(Buffer.from(await video.arrayBuffer()).toString('latin1', 4, 8)).toBe('ftyp');
    expect(stdout).toMatch(/deleted; my voices: none/);
  });

  it('explains that no gateway is running, and fails', async ({ expect }) => {
    await expect(run('http://127.0.0.1:1')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Start it with: npm start'),
    });
  });
});
