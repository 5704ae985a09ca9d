import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, recordInputs, seriousFindings, shoot, signIn } from './studio-browser.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('a task that runs again', () => {
  it('fills in the editor with its face, audio, placement and volumes, without another scan', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const inputs = recordInputs(page, 'CreateLipSync');
    const scans = recordInputs(page, 'IdentifyFaces');
    await signIn(page, `again-${randomUUID()}`);
    await findFaces(page);
    await page.getByText('Face 2', { exact: true }).click();
    await chooseAudio(page);
    await page.getByRole('slider', { name: 'Position of the audio' }).press('ArrowLeft');
    await page.getByText('Volumes and watermark').click();
    await page.getByLabel('Volume of the video’s own audio').fill('0.4');
    await page.getByRole('textbox', { name: 'Name (optional)' }).fill('First try');
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();

    // A draft that the user has not finished.
    await page.getByRole('button', { name: 'Create another from this video' }).click();
    await findFaces(page, 'interview-sandbox-two-faces-10s.mp4');
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await page.getByRole('navigation').getByText('Tasks').click();
    await page.getByText('First try').click();
    await page.getByRole('button', { name: 'Run again with the same input' }).click();
    await page.getByText('This is the input of “First try”').waitFor();
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    await page.locator('.waveform').waitFor();
    expect(await page.getByRole('textbox', { name: 'Name (optional)' }).inputValue()).toBe('First try');
    // React Aria announces the end of a pending button by an element that it removes after 7 s.
    await expect.poll(() => seriousFindings(page)).toEqual([]);
    await shoot(page, 'run-again-desktop-light');
    await page.getByRole('textbox', { name: 'Name (optional)' }).fill('Second try');
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await expect.poll(() => inputs.length).toBe(2);
    const [first, second] = inputs;
    expect(second).toEqual({ ...first, label: 'Second try', externalId: expect.any(String) });
    expect(second!['externalId']).not.toBe(first!['externalId']);
    // Those of the two videos.
    expect(scans).toHaveLength(2);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('gives back the unfinished draft that it has replaced', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `again-${randomUUID()}`);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByText(/Usually takes/).waitFor();
    await page.getByRole('button', { name: 'Create another from this video' }).click();
    await page.getByLabel('Video link').filter({ visible: true }).fill('https://example.com/unfinished.mp4');
    await page.getByRole('navigation').getByText('Tasks').click();
    await page.getByRole('list', { name: 'Tasks, newest first' }).getByRole('link').click();
    await page.getByRole('button', { name: 'Run again with the same input' }).click();
    await page.getByText(/This is the input of/).waitFor();
    expect(await page.getByLabel('Video link').filter({ visible: true }).inputValue()).toContain('interview');
    await page.getByRole('button', { name: 'Go back to my last draft' }).click();
    await expect
      .poll(() => page.getByLabel('Video link').filter({ visible: true }).inputValue())
      .toContain('unfinished');
    expect(await page.getByText(/This is the input of/).count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('fills in the form of a voice', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const inputs = recordInputs(page, 'CreateVoice');
    await signIn(page, `again-${randomUUID()}`);
    await page.getByRole('navigation').getByText('Voices').click();
    await page.getByLabel('Name').fill('Narrator');
    await page.getByLabel('Recording link').fill('https://example.com/narrator-12s.mp3');
    await page.getByRole('button', { name: 'Clone voice' }).click();
    await page.getByRole('list', { name: 'Your voices' }).getByText('Narrator').waitFor();
    await page.getByRole('navigation').getByText('Tasks').click();
    await page.getByRole('list', { name: 'Tasks, newest first' }).getByText('Narrator').click();
    await page.getByRole('button', { name: 'Run again with the same input' }).click();
    await expect.poll(() => page.getByLabel('Recording link').inputValue()).toContain('narrator-12s.mp3');
    await page.getByLabel('Name').fill('Narrator 2');
    await page.getByRole('button', { name: 'Clone voice' }).click();
    await expect
      .poll(() => inputs)
      .toMatchObject([{ name: 'Narrator' }, { name: 'Narrator 2', sample: inputs[0]!['sample'] }]);
    await expect.poll(() => page.getByLabel('Name').inputValue()).toBe('');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
