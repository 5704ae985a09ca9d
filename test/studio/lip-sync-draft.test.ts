import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('the draft of a lip-sync', () => {
  it('shows a range of costs until the length of the video is known', async ({ expect }) => {
    const { page } = await openPage(browser);
    await page.route('https://example.com/**', (route) => route.abort());
    await signIn(page, `range-${randomUUID()}`);
    await findFaces(page, 'talk-sandbox-two-faces-10s.mp4');
    await page.getByText('1 to 6 units').waitFor();
    await page.getByRole('spinbutton', { name: 'Video length' }).fill('11');
    await page.getByText('1.5 units').waitFor();
    expect(await page.getByText('1 to 6 units').count()).toBe(0);
    await page.context().close();
  });
});
