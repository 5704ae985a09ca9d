import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

const VIEWPORTS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } } as const;

const LOOKS = (['phone', 'desktop'] as const).flatMap((device) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ device, colorScheme })),
);

describe.runIf(HAS_BROWSER)('every screen', () => {
  it.for(LOOKS)('fits a $device and is readable in $colorScheme mode', async ({ device, colorScheme }, { expect }) => {
    const { page, faults } = await openPage(browser, {
      viewport: VIEWPORTS[device],
      colorScheme,
      hasTouch: device === 'phone',
    });
    const look = async (name: string): Promise<void> => {
      // React Aria announces the end of a pending button by an element that it removes after 7 s.
      await expect.poll(() => seriousFindings(page)).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${name} is wider than the screen`).toBeLessThanOrEqual(0);
      // The schema and Kling call it audio.
      expect(await page.locator('body').innerText()).not.toMatch(/\bsounds?\b/i);
      await shoot(page, `${name}-${device}-${colorScheme}`);
    };
    await page.getByText('Local development').waitFor();
    await look('sign-in');
    await signIn(page, `looks-${randomUUID()}`);
    await page.getByText('No tasks yet').waitFor();
    await look('empty');
    await page.getByRole('navigation').getByText('Make it talk').click();
    await page
      .getByLabel('Video link')
      .filter({ visible: true })
      .fill('https://example.com/interview-sandbox-two-faces-5s.mp4');
    await page.getByLabel('What the person says').fill('Good morning, and welcome to the show.');
    await page.getByText('0.6 units').waitFor();
    await look('talk');
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    await page.getByText('0.5 units').waitFor();
    await look('lip-sync');
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByText(/Usually takes/).waitFor();
    await look('progress');
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await look('result');
    await page.getByRole('navigation').getByText('Voices').click();
    await page.getByText('Amber').waitFor();
    await look('voices');
    await page.getByRole('navigation').getByText('Webhooks').click();
    await page.getByText('No endpoints yet').waitFor();
    await page.getByRole('radio', { name: 'Choose' }).click();
    await look('webhooks-empty');
    await page.getByRole('textbox', { name: 'URL' }).fill('http://localhost:9/receive');
    await page.getByRole('button', { name: 'Add endpoint', exact: true }).click();
    await page.getByRole('button', { name: 'I have stored it' }).waitFor();
    await look('webhooks-secret');
    await page.getByRole('button', { name: 'I have stored it' }).click();
    const endpoint = page.getByRole('list', { name: 'Endpoints, newest first' }).getByRole('link');
    await endpoint.waitFor();
    await look('webhooks');
    await endpoint.click();
    await page.getByRole('button', { name: 'Send a test', exact: true }).click();
    await page.getByText('Test, or a deleted task').click();
    await page.getByText('The connection failed.', { exact: true }).waitFor();
    await look('webhook');
    await page.goto(`${inject('studioUrl')}/#/tasks`);
    await page.getByRole('list', { name: 'Tasks, newest first' }).waitFor();
    await look('tasks');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

describe.runIf(HAS_BROWSER)('no screen', () => {
  it.for([360, 720, 1160])('is wider than a window of %i pixels', async (width, { expect }) => {
    const { page, faults } = await openPage(browser, { viewport: { width, height: 800 } });
    await signIn(page, `widths-${randomUUID()}`);
    for (const screen of ['Make it talk', 'Tasks', 'New lip-sync', 'Voices', 'Files', 'Webhooks']) {
      await page.getByRole('navigation').getByText(screen).click();
      await page.getByRole('heading', { level: 1, name: screen }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), screen).toBeLessThanOrEqual(
        0,
      );
    }
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

describe.runIf(HAS_BROWSER)('a page with reduced motion', () => {
  it('shows the skip link at its final position at once', async ({ expect }) => {
    const { page } = await openPage(browser);
    await signIn(page, `motion-${randomUUID()}`);
    const link = page.getByRole('link', { name: 'Skip to content' });
    const seen = await link.evaluate((element) => {
      element.focus();
      return {
        transform: getComputedStyle(element).transform,
        top: element.getBoundingClientRect().top,
        animations: document.getAnimations().length,
      };
    });
    expect(seen).toEqual({ transform: 'none', top: 8, animations: 0 });
    await page.context().close();
  });
});
