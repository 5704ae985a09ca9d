import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { startCuttableProxy } from '../clients/cuttable-proxy.ts';
import { createSandboxAccount, type SandboxTask } from '../support/sandbox-account.ts';
import { createLipSync } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';

const isFinal = ({ status }: SandboxTask): boolean => ['succeed', 'failed'].includes(status);

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

interface Frame {
  readonly type: string;
  readonly payload?: {
    readonly variables?: { readonly after?: string };
    readonly data?: { readonly taskUpdates?: { readonly cursor: string; readonly resync: boolean } };
  };
}

const parse = (payload: string | Buffer): Frame => JSON.parse(String(payload)) as Frame;

describe.runIf(HAS_BROWSER)('the live connection', () => {
  it('resumes after the last received change if it is cut during a task', async ({ expect }) => {
    const proxy = await startCuttableProxy(inject('studioUrl'));
    const { page, faults } = await openPage(browser, { origin: new URL(proxy.url).origin });
    const after: (string | undefined)[] = [];
    const cursors: string[] = [];
    const resyncs: boolean[] = [];
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => {
        const frame = parse(payload);
        if (frame.type === 'subscribe') after.push(frame.payload?.variables?.after);
      });
      socket.on('framereceived', ({ payload }) => {
        const event = parse(payload).payload?.data?.taskUpdates;
        if (event === undefined) return;
        cursors.push(event.cursor);
        resyncs.push(event.resync);
      });
    });
    await page.reload();
    await signIn(page, `cut-${randomUUID()}`);
    await createLipSync(page);
    await page.getByText('In progress').first().waitFor();
    expect(faults).toEqual([]);

    const sandbox = createSandboxAccount(inject('sandboxUrl'), inject('accessKey'));
    const seen = cursors.at(-1);
    proxy.cut();
    await page.getByText('Connection lost. Reconnecting…').waitFor();
    await shoot(page, 'cut-desktop-light');
    // Tests of other files create tasks in the same account.
    const known = new Set((await sandbox.record()).tasks.map(({ taskId }) => taskId));
    await expect
      .poll(async () => (await sandbox.record()).tasks.filter(({ taskId }) => known.has(taskId)).every(isFinal))
      .toBe(true);
    expect(await page.getByText('Done', { exact: true }).filter({ visible: true }).count()).toBe(
      // The last of the four steps has this name, too.
      1,
    );

    proxy.restore();
    await page.getByText('Back online').waitFor();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await shoot(page, 'resumed-desktop-light');
    expect(after.at(-1)).toBe(seen);
    expect(new Set(cursors).size).toBe(cursors.length);
    expect(resyncs.every((resync) => !resync)).toBe(true);
    // The browser reports the lost sockets, and the file that it was loading. There are no other errors.
    expect(faults.filter((fault) => !/net::ERR_|WebSocket connection|^request to \S+\/media\//.test(fault))).toEqual(
      [],
    );
    await page.context().close();
    await proxy.close();
  });

  it('is shown as offline while the browser is offline', async ({ expect }) => {
    const { page } = await openPage(browser);
    await signIn(page, `offline-${randomUUID()}`);
    await page.context().setOffline(true);
    await page.getByText('You are offline').waitFor();
    await page.context().setOffline(false);
    await page.getByText('Back online').waitFor();
    await expect.poll(() => page.getByText('Live', { exact: true }).isVisible()).toBe(true);
    await page.context().close();
  });

  it('opens every screen offline, and loads a script that was missing as soon as it is back', async ({ expect }) => {
    const { page } = await openPage(browser);
    await signIn(page, `screens-${randomUUID()}`);
    await page.waitForFunction(
      () =>
        performance.getEntriesByType('resource').filter(({ name }) => /\/(voices|lip-sync)-screen/.test(name)).length >=
        2,
    );
    await page.context().setOffline(true);
    await page.getByRole('navigation').getByText('Voices').click();
    await page.getByRole('heading', { level: 1, name: 'Voices' }).waitFor();
    await page.context().setOffline(false);

    // A page whose connection broke before the scripts came.
    await page.route('**/studio/voices-screen*.js', (route) => route.abort('internetdisconnected'));
    await page.goto(inject('studioUrl'));
    await page.getByRole('heading', { level: 1, name: 'Make it talk' }).waitFor();
    await page.context().setOffline(true);
    await page.getByRole('navigation').getByText('Voices').click();
    await page.getByText('Couldn’t load this screen').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'screen-missing-desktop-light');
    // The browser says that it is online before requests succeed.
    await page.unroute('**/studio/voices-screen*.js');
    await page.route(inject('studioUrl'), (route) => route.abort('internetdisconnected'), { times: 2 });
    await page.context().setOffline(false);
    await page.getByRole('heading', { level: 1, name: 'Voices' }).waitFor();
    expect(await page.getByText('Couldn’t load this screen').count()).toBe(0);
    await page.context().close();
  });

  it('subscribes again by itself after a temporary refusal', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const refusals = [0, 1].map(() => ({
      message: 'Too much.',
      extensions: { code: 'RATE_LIMITED', retryable: true },
    }));
    await page.routeWebSocket(/graphql/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const { type, id } = JSON.parse(String(message)) as { readonly type: string; readonly id: string };
        const refusal = type === 'subscribe' ? refusals.shift() : undefined;
        if (refusal === undefined) server.send(message);
        else socket.send(JSON.stringify({ type: 'error', id, payload: [refusal] }));
      });
    });
    await page.reload();
    await signIn(page, `refused-${randomUUID()}`);
    await expect.poll(() => refusals.length).toBe(0);
    await createLipSync(page);
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows only the tasks of its tenant, in two tabs of two tenants', async ({ expect }) => {
    const [one, other] = [await openPage(browser), await openPage(browser)];
    await signIn(one.page, `one-${randomUUID()}`);
    await signIn(other.page, `other-${randomUUID()}`);
    const received: string[] = [];
    other.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => received.push(String(payload))));
    await other.page.reload();
    await other.page.getByText('Live', { exact: true }).waitFor();

    await createLipSync(one.page);
    await one.page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    expect(await other.page.getByText('No tasks yet').isVisible()).toBe(true);
    expect(received.filter((frame) => frame.includes('taskUpdates'))).toEqual([]);

    // The URL of one tenant's task shows nothing to the other.
    await one.page.getByRole('navigation').getByText('Tasks').click();
    await one.page.getByRole('list', { name: 'Tasks, newest first' }).getByRole('link').click();
    await one.page
      .getByRole('heading', { level: 1, name: 'interview-sandbox-two-faces-5s.mp4', exact: true })
      .waitFor();
    await other.page.goto(one.page.url());
    await other.page.getByText('Task not found').waitFor();
    expect([...one.faults, ...other.faults]).toEqual([]);
    await one.page.context().close();
    await other.page.context().close();
  });
});
