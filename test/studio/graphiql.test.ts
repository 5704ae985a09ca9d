import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { createExecute } from '../../src/scripts/gateway-client.ts';
import { mintDevToken } from '../../src/scripts/dev-token.ts';
import { HAS_BROWSER, launch, openPage, shoot } from './studio-browser.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('GraphiQL', () => {
  it('answers a query and shows a live subscription, without requests to other origins', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.goto(`${inject('studioUrl')}/graphiql`);
    const run = page.getByRole('button', { name: /^Execute/ });
    await run.click({ timeout: 30_000 });
    const response = page.locator('.result-window');
    await response.getByText('"tenant-a"').first().waitFor();
    await shoot(page, 'graphiql-desktop-light');

    const sockets: string[] = [];
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sockets.push(String(payload))));
    await page.getByTitle('Watch').click();
    await page.locator('.graphiql-tab-active').getByTitle('Watch').waitFor();
    await run.click();
    await expect.poll(() => sockets.some((frame) => frame.includes('"subscribe"'))).toBe(true);
    expect(sockets[0]).toContain('"authorization":"Bearer ');
    const execute = createExecute(`${inject('studioUrl')}/graphql`, await mintDevToken('tenant-a'));
    await execute(
      `mutation { createVoiceTask(input: { name: "Live", sample: { url: "https://example.com/live-12s.mp3" } }) { ... on VoiceTask { id } ... on Failure { code message } } }`,
    );
    await response.getByText('"SUCCEEDED"').first().waitFor();
    await shoot(page, 'graphiql-live-desktop-light');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
