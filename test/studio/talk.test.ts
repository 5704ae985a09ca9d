import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { createExecute } from '../../src/scripts/gateway-client.ts';
import { listen } from './accessibility-tree.ts';
import { focused, tabTo } from './keyboard.ts';
import { dropFile, readVideoFile } from './media-files.ts';
import {
  copyAs,
  HAS_BROWSER,
  launch,
  openPage,
  recordInputs,
  seriousFindings,
  shoot,
  signIn,
  type Guarded,
} from './studio-browser.ts';
import { mintStudioToken } from './tokens.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

const SENTENCE = 'Good morning, and welcome to the show.';
const VIDEO = 'https://example.com/interview-sandbox-two-faces-5s.mp4';

/** Opens the start page of a new user. */
async function openTalk(options: Parameters<typeof openPage>[1] = {}): Promise<Guarded & { readonly tenant: string }> {
  const opened = await openPage(browser, { path: '', ...options });
  const tenant = `talk-${randomUUID()}`;
  await signIn(opened.page, tenant);
  await opened.page.getByRole('heading', { level: 1, name: 'Make it talk' }).waitFor();
  return { ...opened, tenant };
}

const textOf = (page: Page) => page.getByRole('textbox', { name: 'What the person says' });
const submitOf = (page: Page) => page.getByRole('button', { name: 'Make it talk', exact: true });
const priceOf = (page: Page) => page.locator('.talk .quote');

async function waitForResult(page: Page): Promise<void> {
  await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor({ timeout: 30_000 });
}

describe.runIf(HAS_BROWSER)('the start page', () => {
  it('makes a dropped video say a sentence: price, stages and the result, with one mutation', async ({ expect }) => {
    const { page, faults } = await openTalk();
    const created = recordInputs(page, 'CreateLipSync');
    const others = [recordInputs(page, 'IdentifyFaces'), recordInputs(page, 'SynthesizeSpeech')];
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    await shoot(page, 'talk-empty-desktop-light');
    const said = await listen(page);
    await dropFile(page, page.locator('.talk .file-drop'), readVideoFile('holiday.mp4'));
    await page.getByRole('group', { name: 'Video file' }).getByText('holiday.mp4').waitFor();
    await textOf(page).fill(SENTENCE);
    await page.getByRole('combobox', { name: 'Text-to-speech voice' }).selectOption('The Reader, male');
    await page.getByRole('slider', { name: 'Speed' }).fill('1.2');
    await expect.poll(() => priceOf(page).innerText()).toBe('0.6 units about $0.084');
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    await shoot(page, 'talk-ready-desktop-light');

    await submitOf(page).click();
    await page.getByRole('list').getByText('Moving the lips').waitFor();
    await shoot(page, 'talk-progress-desktop-light');
    await waitForResult(page);
    expect(created).toEqual([
      {
        face: { inVideo: { video: { mediaId: expect.any(String) } } },
        audio: { speech: { text: SENTENCE, klingVoiceId: 'reader_en_m-v1', language: 'EN', speed: 1.2 } },
        externalId: expect.stringMatching(/^studio-/),
      },
    ]);
    expect(others).toEqual([[], []]);
    const result = page.getByLabel('Result');
    await result.evaluate((video) => (video as HTMLVideoElement).play());
    await expect.poll(() => result.evaluate((video) => (video as HTMLVideoElement).currentTime)).toBeGreaterThan(0);
    expect(await said()).toEqual(expect.arrayContaining(['holiday.mp4 is uploaded', 'holiday.mp4: Done']));
    // The first stages can be over before the page knows the task.
    expect((await said()).join('; ')).toMatch(/holiday\.mp4: (?:Finding the face|Speaking the text)/);
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    await shoot(page, 'talk-result-desktop-light');

    // The inputs are kept for another one.
    await page.getByRole('button', { name: 'Make another' }).click();
    expect((await focused(page)).name).toBe('heading Make it talk');
    expect(await textOf(page).inputValue()).toBe(SENTENCE);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('does not wait for the upload: the task does', async ({ expect }) => {
    const { page, faults } = await openTalk();
    const created = recordInputs(page, 'CreateLipSync');
    const held = Promise.withResolvers<() => Promise<void>>();
    let isHeld = true;
    await page.route('**/uploads/**', async (route) => {
      if (route.request().method() !== 'PATCH' || !isHeld) return route.continue();
      isHeld = false;
      held.resolve(() => route.continue());
      return undefined;
    });
    await textOf(page).fill(SENTENCE);
    await page.locator('.talk input[type=file]').setInputFiles(readVideoFile('slow.mp4', 2));
    const release = await held.promise;
    // The browser has measured the file.
    await expect.poll(() => priceOf(page).innerText()).toContain('0.6 units');
    await submitOf(page).click();
    await page.getByText('Keep this page open until the upload is complete').waitFor();
    await page.locator('.steps [aria-current=step]').getByText('Waiting for the video').waitFor();
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    await shoot(page, 'talk-waiting-desktop-light');
    await release();
    await waitForResult(page);
    expect(await page.getByText('Keep this page open').count()).toBe(0);
    expect(created).toHaveLength(1);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('ends a task that still waits for its upload, which costs nothing', async ({ expect }) => {
    const { page, faults } = await openTalk();
    const held = Promise.withResolvers<() => Promise<void>>();
    await page.route('**/uploads/**', (route) =>
      route.request().method() === 'PATCH' ? held.resolve(() => route.continue()) : route.continue(),
    );
    await textOf(page).fill(SENTENCE);
    await page.locator('.talk input[type=file]').setInputFiles(readVideoFile('undone.mp4'));
    const release = await held.promise;
    await submitOf(page).click();
    await page.getByRole('button', { name: 'Cancel task' }).click();
    await page.getByText('Cancelled before Kling received it').waitFor();
    expect(await page.getByText('Nothing was charged.').isVisible()).toBe(true);
    expect(await page.locator('.facts').getByText('0 units').count()).toBe(1);
    await release();
    // The file is kept for another attempt.
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('group', { name: 'Video file' }).getByText('undone.mp4').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('takes a link, and one of the user’s own files', async ({ expect }) => {
    const { page, faults } = await openTalk();
    const created = recordInputs(page, 'CreateLipSync');
    await page.getByLabel('Video link').filter({ visible: true }).fill(VIDEO);
    await textOf(page).fill(SENTENCE);
    // The preview has measured the linked video.
    await expect.poll(() => priceOf(page).innerText()).toContain('0.6 units');
    await submitOf(page).click();
    await waitForResult(page);
    expect(created[0]).toMatchObject({ face: { inVideo: { video: { url: VIDEO } } } });

    await page.getByRole('button', { name: 'Make another' }).click();
    await page.locator('.talk input[type=file]').setInputFiles(readVideoFile('own.mp4'));
    await page.getByRole('button', { name: 'Remove own.mp4' }).click();
    const own = page.getByRole('combobox', { name: 'Or one of your files' });
    await own.selectOption('own.mp4, 5 s');
    await page.getByRole('group', { name: 'Video file' }).getByText('own.mp4').waitFor();
    await submitOf(page).click();
    await waitForResult(page);
    expect(created[1]).toMatchObject({ face: { inVideo: { video: { mediaId: expect.any(String) } } } });

    // The list of files leads here, too.
    await page.getByRole('button', { name: 'Make another' }).click();
    await page.getByRole('button', { name: 'Remove own.mp4' }).click();
    await page.getByRole('navigation').getByText('Files').click();
    await page.getByRole('link', { name: 'Make own.mp4 talk' }).click();
    await page.getByRole('group', { name: 'Video file' }).getByText('own.mp4').waitFor();
    expect(await textOf(page).inputValue()).toBe(SENTENCE);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows each problem at its field, and sends nothing', async ({ expect }) => {
    const { page, faults, tenant } = await openTalk({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
    const created = recordInputs(page, 'CreateLipSync');
    const link = page.getByLabel('Video link').filter({ visible: true });
    await submitOf(page).click();
    await page.getByText('Choose a video first.').waitFor();
    expect(await focused(page)).toEqual({ name: 'textbox Video link', fault: null });
    expect(await textOf(page).getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByText('Type what the person should say.').isVisible()).toBe(true);

    await link.fill('http://10.0.0.1/secret.mp4');
    await page.getByText('The video must be an https URL').waitFor();
    await expect.poll(() => priceOf(page).innerText()).toContain('The price is not known yet');
    expect(await link.getAttribute('aria-invalid')).toBe('true');
    await link.fill(VIDEO);
    await textOf(page).fill('a'.repeat(1001));
    await page.getByText('The text must be at most 1000 characters long, was 1001.').waitFor();
    expect(await link.getAttribute('aria-invalid')).toBe(null);
    await textOf(page).fill(SENTENCE);

    const execute = createExecute(`${inject('studioUrl')}/graphql`, await mintStudioToken(tenant));
    const { presetVoices } = await execute<{
      presetVoices: { edges: readonly { node: { klingVoiceId: string } }[] };
    }>('{ presetVoices(first: 1) { edges { node { klingVoiceId } } } }');
    await page.getByRole('combobox', { name: 'Text-to-speech voice' }).selectOption('Another voice…');
    await page.getByRole('textbox', { name: 'Voice id' }).fill(presetVoices.edges[0]!.node.klingVoiceId);
    await page.getByText(/This voice can’t read a text aloud/).waitFor();
    await submitOf(page).click();
    expect(await focused(page)).toEqual({ name: 'textbox Voice id', fault: null });
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await shoot(page, 'talk-problems-phone-dark');
    expect(created).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('says when the price is the highest possible one, and when the gateway gives none', async ({ expect }) => {
    const { page } = await openTalk();
    await page.route('https://example.com/broken.mp4', (route) => route.abort());
    await page.getByLabel('Video link').filter({ visible: true }).fill('https://example.com/broken.mp4');
    await textOf(page).fill(SENTENCE);
    await expect
      .poll(() => priceOf(page).innerText())
      .toMatch(/^At most 6\.1 units .* length of the video is not known/);
    await page.getByText('Couldn’t load the video here').waitFor();
    await page.route('**/graphql', (route) =>
      (route.request().postData() ?? '').includes('query LipSyncQuote') ? route.abort() : route.continue(),
    );
    await textOf(page).fill(`${SENTENCE} Bye.`);
    await expect.poll(() => priceOf(page).innerText()).toContain('The price is unknown. Couldn’t reach the gateway.');
    await page.context().close();
  });

  it('is used by keyboard only, on a phone’s screen', async ({ expect }) => {
    const { page, faults } = await openTalk({ viewport: { width: 390, height: 844 } });
    const { keyboard } = page;
    const go = async (name: RegExp | string): Promise<void> => {
      const { faults: unseen } = await tabTo(page, name);
      expect(unseen).toEqual([]);
    };
    const chooser = page.waitForEvent('filechooser');
    await go('button choose a file for the video');
    await keyboard.press('Enter');
    await (await chooser).setFiles(readVideoFile('keys.mp4'));
    await page.getByRole('group', { name: 'Video file' }).waitFor();
    // The button has disappeared, and the text comes next.
    await expect.poll(async () => (await focused(page)).name).toBe('textbox What the person says');
    await expect
      .poll(() => page.locator('.talk video').evaluate((video) => (video as HTMLVideoElement).readyState))
      .toBeGreaterThan(0);
    await keyboard.type(SENTENCE);
    await go('radio English');
    await go('combobox Text-to-speech voice');
    await go('slider Speed');
    await keyboard.press('ArrowRight');
    await expect.poll(() => priceOf(page).innerText()).toContain('0.6 units');
    await shoot(page, 'talk-keyboard-phone-light');
    await go('button Make it talk');
    await keyboard.press('Enter');
    await expect.poll(async () => (await focused(page)).name).toBe('heading keys.mp4');
    await waitForResult(page);
    await go(/^link (?:Open|Download) result$/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await shoot(page, 'talk-result-phone-light');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('is copied as a curl command that makes the same task', async ({ expect }) => {
    const { page, faults, tenant } = await openTalk();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByLabel('Video link').filter({ visible: true }).fill(VIDEO);
    await textOf(page).fill(`It's "${SENTENCE}" & $HOME`);
    const command = await copyAs(page, 'Make it talk', 'curl');
    expect(command).not.toContain('eyJ');
    const env = { ...process.env, TOKEN: await mintStudioToken(tenant) };
    const { stdout } = await promisify(execFile)('bash', ['-c', command], { env });
    expect(JSON.parse(stdout)).toMatchObject({ data: { createLipSyncTask: { status: 'PREPARING' } } });
    await page.getByRole('navigation').getByText('Tasks').click();
    await page.getByRole('list', { name: 'Tasks, newest first' }).getByText('Done').waitFor({ timeout: 30_000 });
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('opens the editor with the same video, text and voice', async ({ expect }) => {
    const { page, faults } = await openTalk();
    await page.getByRole('navigation').getByText('New lip-sync').click();
    await page.getByLabel('Video link').filter({ visible: true }).fill('https://example.com/unfinished.mp4');
    await page.getByRole('navigation').getByText('Make it talk').click();
    await page.getByLabel('Video link').filter({ visible: true }).fill(VIDEO);
    await textOf(page).fill(SENTENCE);
    await page.getByRole('combobox', { name: 'Text-to-speech voice' }).selectOption('Another voice…');
    await page.getByRole('textbox', { name: 'Voice id' }).fill('a_voice_of_tomorrow');
    await page.getByRole('slider', { name: 'Speed' }).fill('1.5');
    await page.getByRole('button', { name: 'Edit details' }).click();
    await page.getByText('Filled in from “Make it talk”').waitFor();
    expect(await page.getByLabel('Video link').filter({ visible: true }).inputValue()).toBe(VIDEO);
    await page.getByRole('button', { name: 'Find faces' }).click();
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Text', exact: true }).inputValue()).toBe(SENTENCE);
    expect(await page.getByRole('textbox', { name: 'Voice id' }).inputValue()).toBe('a_voice_of_tomorrow');
    expect(await page.getByRole('slider', { name: 'Speed' }).inputValue()).toBe('1.5');
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    await shoot(page, 'talk-details-desktop-light');
    // The draft that was replaced is not lost, and neither is the start page.
    await page.getByRole('button', { name: 'Go back to my last draft' }).click();
    await expect
      .poll(() => page.getByLabel('Video link').filter({ visible: true }).inputValue())
      .toContain('unfinished');
    await page.getByRole('navigation').getByText('Make it talk').click();
    expect(await textOf(page).inputValue()).toBe(SENTENCE);
    await page.reload();
    expect(await page.getByLabel('Video link').filter({ visible: true }).inputValue()).toBe(VIDEO);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('says that no face was found, and keeps the inputs for another video', async ({ expect }) => {
    const { page, faults } = await openTalk();
    await page
      .getByLabel('Video link')
      .filter({ visible: true })
      .fill('https://example.com/empty-sandbox-no-face-5s.mp4');
    await textOf(page).fill(SENTENCE);
    await submitOf(page).click();
    await page.getByRole('alert').getByText('No usable face was found').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Try again' }).click();
    expect(await textOf(page).inputValue()).toBe(SENTENCE);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('asks before it pays again for a step whose answer was lost', async ({ expect }) => {
    const { page, faults } = await openTalk();
    const retried = recordInputs(page, 'RetryTask');
    await page
      .getByLabel('Video link')
      .filter({ visible: true })
      .fill('https://example.com/talk-sandbox-cut-off-5s.mp4');
    await textOf(page).fill(SENTENCE);
    await expect.poll(() => priceOf(page).innerText()).toContain('0.6 units');
    await submitOf(page).click();
    await page.getByRole('alert').getByText('Kling’s answer was lost').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Run again…' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText(/The new task costs: About 0\.6 units/).waitFor();
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    await shoot(page, 'talk-pay-again-desktop-light');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(retried).toEqual([]);
    await page.getByRole('button', { name: 'Run again…' }).click();
    await dialog.getByRole('button', { name: 'Run again', exact: true }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expect.poll(() => page.url()).toContain('#/tasks/');
    expect(retried).toEqual([
      { taskId: expect.any(String), payAgain: true, externalId: expect.stringMatching(/^studio-/) },
    ]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
