import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('voices in the studio', () => {
  it('can be played, cloned, seen when they are ready, and deleted', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `voices-${randomUUID()}`);
    await page.getByRole('navigation').getByText('Voices').click();
    const listen = page.getByRole('button', { name: 'Play Amber' });
    await listen.click();
    await page.getByRole('button', { name: 'Stop Amber' }).waitFor();
    await page.getByRole('button', { name: 'Show more voices' }).click();
    await page.getByRole('list', { name: 'More preset voices' }).waitFor();

    await page.getByRole('button', { name: 'Clone voice' }).click();
    await page.getByText(/^The link is not a complete URL/).waitFor();
    await page.getByLabel('Name').fill('Narrator');
    await page.getByRole('button', { name: 'Use the sandbox’s example' }).click();
    await page.getByRole('button', { name: 'Clone voice' }).click();
    await page.getByRole('list', { name: 'Voices in progress' }).waitFor();
    const mine = page.getByRole('list', { name: 'Your voices' });
    await mine.getByText('Narrator').waitFor();
    expect(await page.getByRole('list', { name: 'Voices in progress' }).count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'voices-desktop-light');

    await page.getByRole('button', { name: 'Delete Narrator' }).click();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'delete-voice-desktop-light');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete voice' }).click();
    await page.getByText('No voices yet.').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('show why they failed, until the user dismisses it', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `failed-${randomUUID()}`);
    await page.getByRole('navigation').getByText('Voices').click();
    await page.getByLabel('Name').fill('Narrator');
    await page.getByLabel('Recording link').fill('https://example.com/talk-sandbox-risk-control-12s.mp3');
    await page.getByRole('button', { name: 'Clone voice' }).click();
    const failures = page.getByRole('list', { name: 'Failed voices' });
    await failures.getByText('Narrator: Refused by Kling’s content policy').waitFor();
    expect(await failures.getByText('The same recording will be refused again.').isVisible()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'failed-voice-desktop-light');

    // Also after another screen.
    await page.getByRole('navigation').getByText('Tasks').click();
    await page.getByRole('navigation').getByText('Voices').click();
    await failures.getByRole('button', { name: 'Dismiss Narrator' }).click();
    await failures.waitFor({ state: 'detached' });
    expect(await page.getByRole('heading', { name: 'Your voices' }).evaluate((h) => h === document.activeElement)).toBe(
      true,
    );
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
