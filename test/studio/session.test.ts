import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { createExecute } from '../../src/scripts/gateway-client.ts';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';
import { mintStudioToken } from './tokens.ts';

/** The compressed bytes that a browser loads before the page is usable. They take half a second at 3 Mbit/s. */
const USABLE_BYTES_MAX = 180_000;

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('sign-in', () => {
  it('keeps the token only in this tab, not in a URL, a cookie or shared storage', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    expect(await seriousFindings(page)).toEqual([]);
    await signIn(page, `kept-${randomUUID()}`);
    const kept = await page.evaluate(() => ({
      url: location.href,
      cookie: document.cookie,
      local: localStorage.length,
      token: sessionStorage.getItem('studio.token')?.split('.').length,
    }));
    expect(kept).toEqual({ url: expect.not.stringContaining('eyJ'), cookie: '', local: 0, token: 3 });
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access token').waitFor();
    expect(await page.evaluate(() => sessionStorage.getItem('studio.token'))).toBe(null);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows the reason if the token is invalid', async ({ expect }) => {
    const { page } = await openPage(browser);
    await page.getByLabel('Access token').fill('not-a-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('You were signed out').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'signed-out-desktop-light');
    await page.context().close();
  });

  it('asks for a new token in place after the last one has expired, and keeps the draft', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const tenant = `expires-${randomUUID()}`;
    let scans = 0;
    page.on('request', (request) => {
      if (request.postData()?.includes('mutation IdentifyFaces')) scans += 1;
    });
    await page.getByLabel('Access token').fill(await mintStudioToken(tenant, 12));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    const dialog = page.getByRole('dialog', { name: 'Your token has expired' });
    await dialog.waitFor({ timeout: 40_000 });
    const field = dialog.getByLabel('New access token');
    expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'token-expired-desktop-light');

    await field.fill('not-a-token');
    await field.press('Enter');
    await dialog.getByText('This token is invalid or has expired too.').waitFor();
    await field.fill(await mintStudioToken(`another-${randomUUID()}`));
    await field.press('Enter');
    await dialog.getByText(/This token is for another-/).waitFor();
    await field.fill(await mintStudioToken(tenant));
    await field.press('Enter');
    await dialog.waitFor({ state: 'detached' });

    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    expect(scans).toBe(1);
    // The browser reports the refused requests.
    expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
    await page.context().close();
  });

  it('keeps the draft and its scan over a reload with an expired token, until the user signs out', async ({
    expect,
  }) => {
    const { page, faults } = await openPage(browser);
    const tenant = `reloads-${randomUUID()}`;
    let scans = 0;
    page.on('request', (request) => {
      if (request.postData()?.includes('mutation IdentifyFaces')) scans += 1;
    });
    await page.getByLabel('Access token').fill(await mintStudioToken(tenant, 12));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await findFaces(page);
    await page.getByText('Face 2', { exact: true }).click();
    await chooseAudio(page);
    await page.getByRole('spinbutton', { name: 'Clip end' }).fill('2.4');
    await page.getByRole('textbox', { name: 'Name (optional)' }).fill('Kept');
    await page.getByRole('dialog', { name: 'Your token has expired' }).waitFor({ timeout: 40_000 });
    await page.reload();
    await page.getByText('You were signed out').waitFor();
    await signIn(page, tenant);

    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    expect(await page.getByRole('radio', { name: /Face 2/ }).isChecked()).toBe(true);
    expect(await page.getByText('greeting.wav').count()).toBeGreaterThan(0);
    expect(await page.getByRole('spinbutton', { name: 'Clip end' }).inputValue()).toBe('2.4');
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'draft-restored-desktop-light');
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByRole('heading', { name: 'Kept' }).waitFor();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    // Also a repeat of the scan is the paid one.
    await page.reload();
    await page.getByRole('button', { name: 'Find faces' }).click();
    await expect.poll(() => scans).toBe(2);
    await page.getByRole('radio', { name: /Face 2/ }).waitFor();
    const execute = createExecute(`${inject('studioUrl')}/graphql`, await mintStudioToken(tenant));
    expect(await execute('{ faceScans { nodes { id } } }')).toEqual({
      faceScans: { nodes: [{ id: expect.any(String) }] },
    });

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access token').waitFor();
    expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
    await signIn(page, tenant);
    await page.getByRole('navigation').getByText('New lip-sync').click();
    expect(await page.getByLabel('Video link').filter({ visible: true }).inputValue()).toBe('');
    // The browser reports the refused requests.
    expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
    await page.context().close();
  });

  it('never shows the draft of another tenant, and forgets it', async ({ expect }) => {
    const { page } = await openPage(browser);
    await signIn(page, `first-${randomUUID()}`);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    const draft = () => page.evaluate(() => JSON.stringify(Object.entries(sessionStorage)));
    expect(await draft()).toContain('interview-sandbox');
    await page.evaluate(() => sessionStorage.setItem('studio.token', 'not-a-token'));
    await page.reload();
    await page.getByText('You were signed out').waitFor();
    await signIn(page, `second-${randomUUID()}`);
    await page.getByLabel('Video link').filter({ visible: true }).waitFor();
    expect(await page.getByLabel('Video link').filter({ visible: true }).inputValue()).toBe('');
    expect(await page.getByRole('radio', { name: /Face 1/ }).count()).toBe(0);
    expect(await draft()).not.toContain('interview-sandbox');
    await page.context().close();
  });

  it('offers the development callers', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.getByRole('button', { name: /^tenant-b/ }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('tenant-b', { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('does not move if the development callers load late, so that a press is not lost', async ({ expect }) => {
    const { page } = await openPage(browser);
    const tenantB = page.getByRole('button', { name: /^tenant-b/ });
    await tenantB.waitFor();
    const asked = Promise.withResolvers<() => Promise<void>>();
    await page.route('**/development.json', (route) => asked.resolve(() => route.continue()));
    await page.reload({ waitUntil: 'commit' });
    await page.getByLabel('Access token').fill('not-a-token');
    await page.getByRole('button', { name: 'Sign in' }).hover();
    await page.mouse.down();
    const letThemCome = await asked.promise;
    await letThemCome();
    await tenantB.waitFor();
    await page.mouse.up();
    await page.getByText('You were signed out').waitFor();
    expect(await page.getByLabel('Access token').inputValue()).toBe('');
    await page.context().close();
  });

  it('shows an operator the Kling account, and only what the token opens', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.getByRole('button', { name: /^operator/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Kling account' }).waitFor();
    await page
      .getByRole('region', { name: 'Units' })
      .getByText(/\d+ of \d+/)
      .first()
      .waitFor();
    await page.getByRole('region', { name: 'Tasks at Kling' }).last().waitFor();
    await page.getByRole('radio', { name: 'Voices' }).click();
    expect(await page.getByRole('navigation').getByRole('link').allTextContents()).toEqual(['Kling account']);
    expect(await page.getByText('You are not allowed to do this').count()).toBe(0);
    expect(await page.getByText('Connection lost').count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'account-desktop-light');
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await shoot(page, 'account-phone-light');

    // A link to another screen leads back.
    await page.goto(`${inject('studioUrl')}/#/voices`);
    await page.getByRole('heading', { level: 1, name: 'Kling account' }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('loads less than 180 KB before the page is usable', async ({ expect }) => {
    const { page } = await openPage(browser);
    await signIn(page, `fast-${randomUUID()}`);
    // A new tab of a signed-in user has an empty cache.
    const session = await page.context().newCDPSession(page);
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    await page.goto('about:blank');
    await page.goto(inject('studioUrl'), { waitUntil: 'commit' });
    await page.getByRole('heading', { level: 1, name: 'Make it talk' }).waitFor();
    const loaded = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter((entry) => entry instanceof PerformanceResourceTiming)
        .map(({ encodedBodySize }) => encodedBodySize),
    );
    expect(loaded.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(USABLE_BYTES_MAX);
    await page.context().close();
  });
});
