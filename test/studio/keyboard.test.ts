import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { focused, tabTo } from './keyboard.ts';
import { HAS_BROWSER, launch, openPage, shoot } from './studio-browser.ts';
import { mintStudioToken } from './tokens.ts';
import { createWav } from './wav.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('the keyboard', () => {
  it('makes a lip-sync from sign-in to result, with every stop in order', async ({ expect }) => {
    const { page, faults } = await openPage(browser, { viewport: { width: 1280, height: 800 } });
    const { keyboard } = page;
    const go = async (name: RegExp | string): Promise<readonly string[]> => {
      const { met, faults: unseen } = await tabTo(page, name);
      expect(unseen).toEqual([]);
      return met;
    };

    await go('textbox Access token');
    await keyboard.type(await mintStudioToken(`keyboard-${randomUUID()}`));
    await keyboard.press('Enter');
    await page.getByText('No tasks yet').waitFor();

    expect((await go('link New lip-sync')).slice(0, 4)).toEqual([
      'link Skip to content',
      'link Studio',
      'link Make it talk',
      'link Tasks',
    ]);
    await keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'New lip-sync' }).waitFor();
    // Continues on the new screen, not at the top of the page.
    expect((await focused(page)).name).toBe('main');
    expect(await go('textbox Video link')).toEqual(expect.arrayContaining(['button choose a file for the video']));

    // A refused value gets the focus.
    await keyboard.type('http://example.com/secret.mp4');
    await keyboard.press('Enter');
    await page.getByText('must be an https URL').waitFor();
    expect(await focused(page)).toEqual({ name: 'textbox Video link', fault: null });
    await keyboard.press('ControlOrMeta+a');
    await keyboard.type('https://example.com/interview-sandbox-two-faces-5s.mp4');
    await go('button Find faces');
    await keyboard.press('Enter');
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    // The pressed button keeps the focus during the action and after it.
    expect((await focused(page)).name).toBe('button Find faces');

    // Registered well before the key press, because the browser could open its own dialog first.
    const chooser = page.waitForEvent('filechooser');
    await go('button choose a file for the audio');
    await keyboard.press('Enter');
    await (await chooser).setFiles({ name: 'greeting.wav', mimeType: 'audio/wav', buffer: createWav(4) });
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();

    await go(/^radio Face 1/);
    await keyboard.press('ArrowDown');
    expect(await focused(page)).toEqual({ name: expect.stringMatching(/^radio Face 2/), fault: null });
    const place = page.getByRole('slider', { name: 'Position of the audio' });
    await go('slider Position of the audio in the video');
    await shoot(page, 'keyboard-desktop-light');
    await keyboard.press('End');
    await go('slider Start of the clip');
    await keyboard.press('Shift+ArrowRight');
    await go('slider End of the clip');
    await keyboard.press('ArrowLeft');
    await keyboard.press('ArrowRight');
    expect(await place.getAttribute('aria-valuetext')).toBe('2.05 s to 5 s');
    expect(await page.getByText('The audio doesn’t fit there').count()).toBe(0);

    expect(await go('button Create lip-sync')).toEqual([
      'spinbutton Starts in the video at',
      'spinbutton Clip start',
      'spinbutton Clip end',
      'textbox Name (optional)',
      'text Volumes and watermark',
      'button Create lip-sync',
    ]);
    await keyboard.press('Enter');
    await page.getByText(/Usually takes/).waitFor();
    expect(await focused(page)).toEqual({ name: 'heading interview-sandbox-two-faces-5s.mp4', fault: null });
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await go(/^link (?:Open|Download) result$/);

    await tabTo(page, 'button Create another from this video', 'Shift+Tab');
    await keyboard.press('Enter');
    expect((await focused(page)).name).toBe('heading New lip-sync');
    await go('textbox Video link');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('stays inside a dialog and then returns to its button', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const { keyboard } = page;
    await tabTo(page, 'textbox Access token');
    await keyboard.type(await mintStudioToken(`dialog-${randomUUID()}`));
    await keyboard.press('Enter');
    await tabTo(page, 'link Voices');
    await keyboard.press('Enter');
    await tabTo(page, 'textbox Name');
    await keyboard.type('Narrator');
    await tabTo(page, 'textbox Recording link');
    await keyboard.type('https://example.com/narrator-12s.mp3');
    await keyboard.press('Enter');
    await page.getByRole('list', { name: 'Your voices' }).getByText('Narrator').waitFor();

    await tabTo(page, 'button Delete Narrator', 'Shift+Tab');
    for (const way of ['Escape', 'Enter']) {
      await keyboard.press('Enter');
      await page.getByRole('alertdialog').waitFor();
      // The safe action has the focus first, and Tab goes round from there.
      expect(await focused(page)).toEqual({ name: 'button Cancel', fault: null });
      const { met, faults: unseen } = await tabTo(page, 'button Cancel');
      expect([met, unseen]).toEqual([
        ['button Delete voice', 'button Copy as GraphQL', 'button Copy as curl', 'button Cancel'],
        [],
      ]);
      await tabTo(page, 'button Delete voice', 'Shift+Tab');
      await tabTo(page, 'button Cancel', 'Shift+Tab');
      await keyboard.press(way);
      await page.getByRole('alertdialog').waitFor({ state: 'detached' });
      await expect.poll(async () => (await focused(page)).name).toBe('button Delete Narrator');
    }
    await keyboard.press('Enter');
    await tabTo(page, 'button Delete voice');
    await keyboard.press('Enter');
    await page.getByText('No voices yet.').waitFor();
    await expect.poll(async () => (await focused(page)).name).toBe('heading Your voices');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
