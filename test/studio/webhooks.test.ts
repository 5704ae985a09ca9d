import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createLipSync } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The server of a tenant. */
interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The answer to the next message. Later ones are answered by 200. */
  fails(status: number): void;
}

let browser: Browser;
const servers: Server[] = [];
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(async () => {
  for (const server of servers) server.close();
  await browser?.close();
});

async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let next = 200;
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(pieces).toString() });
    response.statusCode = next;
    response.end(`<b>answer ${next}</b>`);
    next = 200;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}/hook`, received, fails: (status) => void (next = status) };
}

async function openWebhooks(page: Page): Promise<void> {
  await signIn(page, `hooks-${randomUUID()}`);
  await page.getByRole('navigation').getByText('Webhooks').click();
  await page.getByText('No endpoints yet').waitFor();
}

/** Adds the endpoint, and returns the secret that the page shows once. */
async function addEndpoint(page: Page, { url }: Receiver): Promise<string> {
  await page.getByRole('textbox', { name: 'URL' }).fill(url);
  await page.getByRole('button', { name: 'Add endpoint', exact: true }).click();
  return readSecret(page);
}

async function readSecret(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog', { name: 'Signing secret' });
  const secret = await dialog.locator('code').innerText();
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await dialog.waitFor({ state: 'detached' });
  return secret;
}

function verify({ headers, body }: Received, secret: string): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}

describe.runIf(HAS_BROWSER)('the webhooks page', () => {
  it('adds an endpoint, shows its secret once, and sends a test that the secret has signed', async ({ expect }) => {
    const receiver = await startReceiver();
    const { page, faults } = await openPage(browser);
    await openWebhooks(page);
    await shoot(page, 'webhooks-empty-desktop-light');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('textbox', { name: 'Description (optional)' }).fill('Production orders');
    await page.getByRole('textbox', { name: 'URL' }).fill(receiver.url);
    await page.getByRole('button', { name: 'Add endpoint', exact: true }).click();
    await page.getByRole('dialog', { name: 'Signing secret' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'webhook-secret-desktop-light');
    const secret = await readSecret(page);
    expect(secret).toMatch(/^whsec_/);
    const storage = await page.evaluate(() =>
      JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)]),
    );
    expect(storage).not.toContain('whsec_');
    expect(await page.content()).not.toContain('whsec_');

    await page.getByRole('list', { name: 'Endpoints, newest first' }).getByText('Production orders').click();
    await page.getByText('Nothing was sent yet').waitFor();
    await page.getByRole('button', { name: 'Send a test', exact: true }).click();
    const deliveries = page.getByRole('list', { name: 'Deliveries, newest first' });
    await deliveries.getByText('Delivered').waitFor();
    expect(verify(receiver.received[0]!, secret)).toMatchObject({ type: 'webhook.test' });
    await deliveries.getByText('Test, or a deleted task').click();
    // Markup in an answer is shown as text.
    await deliveries.getByText('<b>answer 200</b>').waitFor();
    // React Aria announces the end of a pending button by an element that it removes after 7 s.
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    await shoot(page, 'webhook-endpoint-desktop-light');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows each attempt of a failed delivery, and sends it again', async ({ expect }) => {
    const receiver = await startReceiver();
    const { page, faults } = await openPage(browser);
    await openWebhooks(page);
    const secret = await addEndpoint(page, receiver);
    receiver.fails(500);
    await createLipSync(page);
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await page.getByRole('navigation').getByText('Webhooks').click();
    await page.getByRole('list', { name: 'Endpoints, newest first' }).getByRole('link').click();
    const deliveries = page.getByRole('list', { name: 'Deliveries, newest first' });
    await deliveries.getByText('last answer: 500').waitFor();
    await deliveries.getByText('Pending').waitFor();
    await deliveries.getByText('interview-sandbox-two-faces-5s.mp4').click();
    await deliveries.getByText('HTTP 500').first().waitFor();
    await deliveries.getByText('<b>answer 500</b>').first().waitFor();
    await deliveries.getByText('Delivered').waitFor();
    const before = receiver.received.length;
    await deliveries.getByRole('button', { name: 'Send again', exact: true }).click();
    await expect.poll(() => receiver.received.length).toBe(before + 1);
    const [first, last] = [receiver.received[0]!, receiver.received.at(-1)!];
    expect(verify(last, secret)).toMatchObject({ type: 'task.succeeded' });
    expect(last.headers['webhook-id']).toBe(first.headers['webhook-id']);
    await page.getByRole('radio', { name: 'Failed' }).click();
    await page.getByText('No deliveries with this status.').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('says that an endpoint which answered 410 is stopped, and why, and resumes it', async ({ expect }) => {
    const receiver = await startReceiver();
    const { page, faults } = await openPage(browser, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
    await openWebhooks(page);
    await addEndpoint(page, receiver);
    receiver.fails(410);
    await page.getByRole('list', { name: 'Endpoints, newest first' }).getByRole('link').click();
    await page.getByRole('button', { name: 'Send a test', exact: true }).click();
    await page.getByText('The gateway has stopped sending to this endpoint').waitFor();
    await page.getByText('It answered 410 Gone.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await shoot(page, 'webhook-stopped-phone-dark');
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByText('Active', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('You have paused this endpoint').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('rotates the secret, so that both sign, and deletes the endpoint', async ({ expect }) => {
    const receiver = await startReceiver();
    const { page, faults } = await openPage(browser);
    await openWebhooks(page);
    const first = await addEndpoint(page, receiver);
    await page.getByRole('list', { name: 'Endpoints, newest first' }).getByRole('link').click();
    await page.getByRole('button', { name: 'Rotate secret…' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Rotate secret', exact: true }).click();
    await page.getByText('The previous secret still works').waitFor();
    await shoot(page, 'webhook-rotated-desktop-light');
    const second = await readSecret(page);
    expect(second).not.toBe(first);
    await page.getByRole('button', { name: 'Send a test', exact: true }).click();
    await expect.poll(() => receiver.received.length).toBe(1);
    for (const secret of [first, second]) expect(verify(receiver.received[0]!, secret)).toBeDefined();
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete endpoint' }).click();
    await page.getByText('No endpoints yet').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('explains a URL that the gateway refuses, before it is sent', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await openWebhooks(page);
    await page.getByRole('textbox', { name: 'URL' }).fill('https://10.0.0.1/hook');
    await page.getByRole('button', { name: 'Add endpoint', exact: true }).click();
    await page.getByText(/^The URL .*host must/).waitFor();
    await page.getByRole('radio', { name: 'Choose' }).click();
    for (const status of ['Done', 'Failed', 'Cancelled']) await page.getByLabel(status, { exact: true }).uncheck();
    await page.getByText('Choose at least one.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
