import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startGateway, type RunningGateway } from '../node/gateway.ts';
import { CREATE_LIP_SYNC_TASK, IDENTIFY_FACES } from '../node/operations.ts';
import { TOKEN } from '../support/token.ts';
import { createApolloApp } from './apps/apollo.ts';
import type { App, AppOptions } from './apps/app.ts';
import { createRelayApp } from './apps/relay-app.ts';
import { createUrqlApp } from './apps/urql.ts';
import { startCuttableProxy } from './cuttable-proxy.ts';
import { advanceTask } from './tasks.ts';

const APPS: readonly { readonly library: string; readonly create: (options: AppOptions) => App }[] = [
  { library: 'Apollo Client', create: createApolloApp },
  { library: 'urql', create: createUrqlApp },
  { library: 'Relay', create: createRelayApp },
];

const ID = 'query ($label: String) { tasks(filter: { label: $label }) { nodes { id } } }';

let gateway: RunningGateway;
beforeAll(async () => {
  // Tasks move only by hand, so that the tests decide which changes an app is connected for.
  gateway = await startGateway({
    sandbox: { submittedMs: 100_000_000, processingMs: 200_000_000, concurrency: 100 },
    vars: { KLING_CONCURRENCY: '100' },
  });
});
afterAll(() => gateway.close());

/** Makes a lip-sync that an app lists beside its voices. */
async function makeLipSync(label: string): Promise<void> {
  const video = { url: `https://example.com/${randomUUID()}-10s.mp4` };
  const { identifyFaces } = (await gateway.execute(IDENTIFY_FACES, { video })).data;
  const { data } = await gateway.execute(CREATE_LIP_SYNC_TASK, {
    input: {
      face: { faceId: identifyFaces.faces[0].id },
      audio: { url: 'https://example.com/hello-5s.mp3' },
      placement: { audioEndMs: 3_000, insertAtMs: 500 },
      label,
    },
  });
  if (data.createLipSyncTask.id === undefined) throw new Error(JSON.stringify(data));
}

describe.each(APPS)('an app with $library', ({ create }) => {
  test('lists both kinds of tasks, shows typed failures, and misses nothing of a break', async (context) => {
    const { expect, onTestFinished } = context;
    const proxy = await startCuttableProxy(gateway.url);
    const app = create({ ...proxy, getToken: async () => TOKEN });
    const lines: string[] = [];
    onTestFinished(async () => {
      app.close();
      await proxy.close();
    });
    const name = randomUUID().slice(0, 8);
    const lipSync = `film ${name}`;
    await makeLipSync(lipSync);

    expect(await app.cloneVoice('a name that is too long', 'ftp://example.com/voice.mp3')).toEqual([
      expect.stringMatching(/^input\.name: /),
      expect.stringMatching(/^input\.sample\.url: /),
    ]);
    expect(await app.cloneVoice(name, 'https://example.com/voice-12s.mp3')).toEqual([
      expect.stringMatching(`^${name} (QUEUED|SUBMITTED)$`),
    ]);
    expect((await app.list()).map((line) => line.replace(/ [A-Z]+$/, '')).slice(0, 2)).toEqual([name, lipSync]);

    const { id } = (await gateway.execute(ID, { label: name })).data.tasks.nodes[0];
    onTestFinished(app.watch((line) => lines.push(line)));
    const own = () => lines.filter((line) => line.startsWith(name));
    await expect.poll(own).toContain(`${name} SUBMITTED`);
    proxy.cut();
    await advanceTask(context, gateway, id, 'processing');
    await advanceTask(context, gateway, id, 'succeed');
    await expect.poll(() => proxy.refused).toBeGreaterThan(0);
    proxy.restore();
    await expect.poll(() => own().at(-1)).toBe(`${name} SUCCEEDED ${name}`);
    expect(own().slice(own().indexOf(`${name} SUBMITTED`))).toEqual([
      `${name} SUBMITTED`,
      `${name} PROCESSING`,
      `${name} SUCCEEDED ${name}`,
    ]);
    expect(await app.list()).toContain(`${name} SUCCEEDED ${name}`);
  });
});
