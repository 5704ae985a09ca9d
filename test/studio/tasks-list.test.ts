import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { createExecute } from '../../src/scripts/gateway-client.ts';
import { createLipSync } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';
import { mintStudioToken } from './tokens.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('the list of tasks', () => {
  it('filters by kind and state, and moves each task as it changes', async ({ expect }) => {
    const tenant = `filters-${randomUUID()}`;
    const execute = createExecute(`${inject('studioUrl')}/graphql`, await mintStudioToken(tenant));
    const createVoiceTask = (name: string, file: string) =>
      execute(`mutation { createVoiceTask(input: {
        name: "${name}", externalId: "${name}", sample: { url: "https://example.com/${file}-12s.mp3" }
      }) { ... on VoiceTask { id } ... on Failure { code message } } }`);
    const { page, faults } = await openPage(browser);
    await signIn(page, tenant);
    await createLipSync(page);
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await page.getByRole('navigation').getByText('Tasks').click();
    const rows = page.getByRole('list', { name: 'Tasks, newest first' }).getByRole('link');
    await expect.poll(() => rows.count()).toBe(1);

    await page.getByRole('radiogroup', { name: 'Kind' }).getByRole('radio', { name: 'Voices' }).click();
    await page.getByText('No matching tasks').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'no-such-tasks-desktop-light');
    await page.getByRole('radiogroup', { name: 'State' }).getByRole('radio', { name: 'Active' }).click();
    expect(new URL(page.url()).hash).toBe('#/tasks?kind=voices&state=under-way');

    // A task appears when it matches, and leaves when it no longer matches.
    await createVoiceTask('fine', 'fine');
    await rows.getByText('fine').waitFor();
    await page.getByText('No matching tasks').waitFor();
    await page.getByRole('radio', { name: 'Failed' }).click();
    await page.getByText('No matching tasks').waitFor();
    await createVoiceTask('refused', 'talk-sandbox-risk-control');
    await rows.getByText('refused', { exact: true }).waitFor();
    expect(await rows.count()).toBe(1);

    // Also after navigation, and after a reload.
    await rows.click();
    await page.getByRole('heading', { level: 1, name: 'refused' }).waitFor();
    await page.locator('.back-link').click();
    await page.reload();
    await rows.getByText('refused', { exact: true }).waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole('navigation').getByText('Tasks').click();
    await expect.poll(() => rows.count()).toBe(3);
    await shoot(page, 'filters-desktop-light');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows a cancelled task as cancelled and free, and not as failed', async ({ expect }) => {
    const tenant = `cancels-${randomUUID()}`;
    const execute = createExecute(`${inject('studioUrl')}/graphql`, await mintStudioToken(tenant));
    const { page, faults } = await openPage(browser, { viewport: { width: 390, height: 844 } });
    await signIn(page, tenant);
    await execute(`mutation { createVoiceTask(input: {
      name: "Later", sample: { url: "https://example.com/later-sandbox-rate-limited-12s.mp3" }
    }) { ... on VoiceTask { id } ... on Failure { code message } } }`);
    const rows = page.getByRole('list', { name: 'Tasks, newest first' }).getByRole('link');
    await page.getByRole('radio', { name: 'Active' }).click();
    await rows.getByText('Later', { exact: true }).click();
    await page.getByRole('button', { name: 'Cancel task' }).click();
    await page.getByText('Cancelled before Kling received it').waitFor();
    expect(await page.getByRole('button', { name: 'Cancel task' }).count()).toBe(0);
    expect(await page.locator('.facts').getByText('0 units').count()).toBe(1);
    expect(await page.getByRole('alert').count()).toBe(0);

    await page.locator('.back-link').click();
    await page.getByText('No matching tasks').waitFor();
    await page.getByRole('radio', { name: 'Failed' }).click();
    await page.getByText('No matching tasks').waitFor();
    await page.getByRole('radio', { name: 'Cancelled' }).click();
    await rows.getByText('Later', { exact: true }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/tasks?state=cancelled');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await shoot(page, 'cancelled-list-phone-light');

    await rows.click();
    await page.reload();
    await page.getByText('Cancelled before Kling received it').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'cancelled-phone-light');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('tells tasks apart by name, file and face', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const tenant = `apart-${randomUUID()}`;
    const execute = createExecute(`${inject('studioUrl')}/graphql`, await mintStudioToken(tenant));
    await signIn(page, tenant);
    await createLipSync(page, 'breakfast-sandbox-two-faces-5s.mp4');
    await page.getByRole('heading', { name: 'breakfast-sandbox-two-faces-5s.mp4' }).waitFor();
    await page.getByRole('button', { name: 'Create another from this video' }).click();
    await page.getByRole('textbox', { name: 'Name (optional)' }).fill(' Morning greeting ');
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByRole('heading', { name: 'Morning greeting' }).waitFor();
    await execute(`mutation { createVoiceTask(input: {
      name: "Narrator", sample: { url: "https://example.com/narrator-12s.mp3" }
    }) { ... on VoiceTask { id } ... on Failure { code message } } }`);
    await page.getByRole('navigation').getByText('Tasks').click();
    const rows = page.getByRole('list', { name: 'Tasks, newest first' }).getByRole('link');
    await expect
      .poll(() => rows.locator('.task-title').allTextContents())
      .toEqual(['Narrator', 'Morning greeting', 'breakfast-sandbox-two-faces-5s.mp4']);
    const faces = rows.locator('img');
    await expect
      .poll(() => faces.evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth > 0)))
      .toEqual([true, true]);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'tasks-apart-desktop-light');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('keeps the chosen colours for this browser', async ({ expect }) => {
    const { page, faults } = await openPage(browser, { colorScheme: 'light' });
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await background();
    await page.getByRole('radio', { name: 'Dark' }).click();
    await expect.poll(background).not.toBe(light);
    const dark = await background();
    expect(await seriousFindings(page)).toEqual([]);
    await signIn(page, `theme-${randomUUID()}`);
    await page.reload();
    await page.getByText('No tasks yet').waitFor();
    expect(await background()).toBe(dark);
    expect(await page.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true);

    // Other tabs change too.
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByRole('radio', { name: 'System' }).click();
    await expect.poll(background).toBe(light);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(background).toBe(dark);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
