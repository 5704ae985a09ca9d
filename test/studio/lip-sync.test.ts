import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { chooseAudio, createLipSync, drag, findFaces } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

/** Reads each status that the task view has shown, in order, without reloading the page. */
async function recordStates(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      const state = document.querySelector('.task-view .badge')?.textContent;
      if (state && seen.at(-1) !== state) seen.push(state);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (window as unknown as { seen: string[] }).seen);
}

describe.runIf(HAS_BROWSER)('a lip-sync in the studio', () => {
  it('is made from the examples of the sandbox, without typing anything', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `examples-${randomUUID()}`);
    await page.getByRole('navigation').getByText('New lip-sync').click();
    const example = page.getByRole('button', { name: 'Use the sandbox’s example' });
    await example.click();
    await page.getByRole('button', { name: 'Find faces' }).click();
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await example.last().click();
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    expect(faults).toEqual([]);
  });

  it('is made by mouse: faces, dragged audio, cost, live progress, and the result beside the original', async ({
    expect,
  }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `whole-${randomUUID()}`);
    await page.getByText('No tasks yet').waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await findFaces(page);
    await page.getByText('Face 2', { exact: true }).click();
    expect(await page.getByRole('radio', { name: /Face 2/ }).isChecked()).toBe(true);
    await chooseAudio(page);
    await page.getByText('0.5 units').waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    // Far too late: the page explains it, and the task cannot be created.
    await drag(page, 'Position of the audio', 400);
    await page.getByText('The audio doesn’t fit there').waitFor();
    expect(await page.getByText(/would end at .*, but the video ends/).isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Create lip-sync' }).isDisabled()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'refused-desktop-light');

    await drag(page, 'End of the clip', -60);
    await page.getByRole('slider', { name: 'Position of the audio' }).press('End');
    await expect.poll(() => page.getByText('The audio doesn’t fit there').count()).toBe(0);
    await shoot(page, 'placed-desktop-light');

    const states = await recordStates(page);
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByText(/Usually takes/).waitFor();
    await shoot(page, 'progress-desktop-light');
    await page.getByText('Done', { exact: true }).first().waitFor();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await expect
      .poll(() =>
        page
          .locator('.compare video')
          .evaluateAll((videos) => videos.map((video) => (video as HTMLVideoElement).readyState > 0)),
      )
      .toEqual([true, true]);
    expect((await states()).slice(-2)).toEqual(['In progress', 'Done']);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'result-desktop-light');

    await page.getByRole('navigation').getByText('Tasks').click();
    await page.getByRole('list', { name: 'Tasks, newest first' }).getByText('Done').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('uses audio that text-to-speech makes from a text', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `speech-${randomUUID()}`);
    await findFaces(page);
    await page.getByText('Text to speech', { exact: true }).click();
    await page.getByRole('button', { name: 'Create audio' }).click();
    const text = page.getByRole('textbox', { name: 'Text', exact: true });
    expect(await text.getAttribute('aria-invalid')).toBe('true');
    await text.fill('Good morning, and welcome to the second part of our course.');
    const voice = page.getByRole('combobox', { name: 'Text-to-speech voice' });
    await voice.selectOption('The Reader, male');
    await page.getByRole('button', { name: 'Create audio' }).click();
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'speech-desktop-light');
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('offers the voices of the chosen language, and takes an id that is not listed', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const sent: unknown[] = [];
    page.on('request', (request) => {
      const { query = '', variables } = (request.postDataJSON() ?? {}) as { query?: string; variables?: unknown };
      if (query.includes('mutation SynthesizeSpeech')) sent.push(variables);
    });
    await signIn(page, `voices-${randomUUID()}`);
    await findFaces(page);
    await page.getByText('Text to speech', { exact: true }).click();
    await page.getByRole('textbox', { name: 'Text', exact: true }).fill('大家早上好，欢迎来到本课程的第二部分。');
    await page.getByRole('radio', { name: 'Chinese' }).click();
    const voice = page.getByRole('combobox', { name: 'Text-to-speech voice' });
    await expect.poll(() => voice.locator('option').allTextContents()).toContain('青春少女, female');
    expect(await voice.inputValue()).toBe('genshin_vindi2');
    await page.getByRole('button', { name: 'Create audio' }).click();
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    await voice.selectOption('Another voice…');
    await page.getByRole('button', { name: 'Create audio' }).click();
    const id = page.getByRole('textbox', { name: 'Voice id' });
    expect(await id.getAttribute('aria-invalid')).toBe('true');
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'speech-voice-id-desktop-light');
    await id.fill('a_voice_of_tomorrow');
    await page.getByRole('button', { name: 'Create audio' }).click();
    await expect
      .poll(() => sent)
      .toMatchObject([
        { speech: { klingVoiceId: 'genshin_vindi2', language: 'ZH' } },
        { speech: { klingVoiceId: 'a_voice_of_tomorrow', language: 'ZH' } },
      ]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('is moved and trimmed by keys', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `keys-${randomUUID()}`);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    const place = page.getByRole('slider', { name: 'Position of the audio' });
    await place.press('ArrowRight');
    await place.press('ArrowRight');
    expect(await place.inputValue()).toBe('200');
    await page.getByRole('slider', { name: 'End of the clip' }).press('Shift+ArrowLeft');
    expect(await place.getAttribute('aria-valuetext')).toBe('0.2 s to 3.2 s');
    await page.getByRole('slider', { name: 'Start of the clip' }).press('ArrowRight');
    expect(await place.getAttribute('aria-valuetext')).toBe('0.3 s to 3.2 s');
    await page.getByRole('slider', { name: 'End of the clip' }).press('Shift+ArrowLeft');
    await page.getByText('It must be at least 2 s long').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows why it failed, in the list and on its own screen', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `fails-${randomUUID()}`);
    await createLipSync(page, 'talk-sandbox-risk-control-5s.mp4');
    await page.getByText('Refused by Kling’s content policy', { exact: true }).waitFor();
    expect(await page.getByText('Failure to pass the risk control system').isVisible()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'failed-desktop-light');
    // Another attempt keeps the inputs.
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    expect(await page.getByRole('button', { name: 'Create lip-sync' }).isEnabled()).toBe(true);
    await page.getByRole('navigation').getByText('Tasks').click();
    await page.getByRole('list', { name: 'Tasks, newest first' }).getByText('Refused by').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('explains problems of a video before and after Kling has scanned it', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `videos-${randomUUID()}`);
    await page.getByRole('navigation').getByText('New lip-sync').click();
    const link = page.getByLabel('Video link').filter({ visible: true });
    await link.fill('http://10.0.0.1/secret.mp4');
    await page.getByRole('button', { name: 'Find faces' }).click();
    await page.getByText('must be an https URL').waitFor();
    expect(await link.getAttribute('aria-invalid')).toBe('true');
    await findFaces(page, 'empty-sandbox-no-face-5s.mp4');
    await page.getByText('No face found in this video').waitFor();
    await findFaces(page, 'nobody-sandbox-no-face-error-5s.mp4');
    await page.getByRole('alert').getByText('Kling found no face in this video.').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
