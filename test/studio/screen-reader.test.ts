import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { faultsOf, listen, readTree } from './accessibility-tree.ts';
import { chooseAudio, createLipSync, findFaces } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, signIn } from './studio-browser.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('a screen reader', () => {
  it('finds landmarks, headings and names on every screen', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const check = async (): Promise<void> => expect(faultsOf(await readTree(page))).toEqual([]);
    await page.getByText('Local development').waitFor();
    const signInTree = await readTree(page);
    expect(signInTree.filter(({ role }) => role === 'heading').map(({ name, level }) => [level, name])).toEqual([
      [1, 'Sign in to Studio'],
      [2, 'Local development'],
    ]);
    const token = signInTree.find(({ role }) => role === 'textbox');
    expect(token).toMatchObject({
      name: 'Access token',
      description: expect.stringContaining('Stored only in this tab'),
    });

    await signIn(page, `reader-${randomUUID()}`);
    await page.getByText('No tasks yet').waitFor();
    await check();
    await page.getByRole('navigation').getByText('Make it talk').click();
    await page.getByRole('textbox', { name: 'What the person says' }).waitFor();
    await check();
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    await check();
    expect(await page.locator('main').ariaSnapshot()).toMatch(
      /- radiogroup "Face that speaks":\s+- .*radio "Face 1, 0 s to 2\.\d+ s" \[checked\]/,
    );
    const sliders = (await readTree(page)).filter(({ role }) => role === 'slider').map(({ name }) => name);
    expect(sliders).toEqual(
      expect.arrayContaining(['Position of the audio in the video', 'Start of the clip', 'End of the clip']),
    );
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByText(/Usually takes/).waitFor();
    await check();
    const progress = (await readTree(page)).find(({ role }) => role === 'progressbar' || role === 'progressIndicator');
    expect(progress?.name).toBe('Estimated progress');
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await check();
    await page.getByRole('navigation').getByText('Tasks').click();
    const row = page.getByRole('list', { name: 'Tasks, newest first' }).getByRole('link');
    await row.waitFor();
    expect(await row.ariaSnapshot()).toMatch(/link "interview-sandbox-two-faces-5s\.mp4 .*Done/);
    await check();
    await row.click();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await check();
    await page.getByRole('navigation').getByText('Voices').click();
    await page.getByText('Amber').waitFor();
    await check();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('hears found faces and the changes of a task in order and once, on every screen', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `hears-${randomUUID()}`);
    await page.getByText('No tasks yet').waitFor();
    const said = await listen(page);
    await createLipSync(page);
    await page.getByText(/Usually takes/).waitFor();
    await page.getByRole('navigation').getByText('Voices').click();
    await expect.poll(async () => (await said()).at(-1)).toBe('interview-sandbox-two-faces-5s.mp4: Done');
    const heard = (await said()).filter((text) => !/^(?:Loading|Preparing|Uploading|Checking)/.test(text));
    expect(heard.slice(0, 2)).toEqual(['2 faces found', 'greeting.wav added to the timeline']);
    expect(heard.slice(-2)).toEqual([
      'interview-sandbox-two-faces-5s.mp4: In progress',
      'interview-sandbox-two-faces-5s.mp4: Done',
    ]);
    expect(new Set(heard).size).toBe(heard.length);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('hears errors at once', async ({ expect }) => {
    const { page } = await openPage(browser);
    await signIn(page, `wrong-${randomUUID()}`);
    await page.getByText('No tasks yet').waitFor();
    const said = await listen(page);
    await findFaces(page, 'nobody-sandbox-no-face-error-5s.mp4');
    await expect.poll(async () => (await said()).join(' ')).toContain('Kling found no face in this video.');
    await page.context().setOffline(true);
    await expect.poll(async () => (await said()).join(' ')).toContain('You are offline');
    await page.context().setOffline(false);
    await expect.poll(async () => (await said()).at(-1)).toContain('Back online');
    await page.context().close();
  });
});
