import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { createExecute } from '../../src/scripts/gateway-client.ts';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { mintStudioToken } from './tokens.ts';
import { createWav } from './wav.ts';
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

  it('is hidden while the link differs from the scanned video, and comes back if the change is undone', async ({
    expect,
  }) => {
    const { page, faults } = await openPage(browser);
    let scans = 0;
    page.on('request', (request) => {
      if (request.postData()?.includes('mutation IdentifyFaces')) scans += 1;
    });
    await signIn(page, `link-${randomUUID()}`);
    await findFaces(page, 'first-sandbox-two-faces-5s.mp4');
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    const link = page.getByLabel('Video link').filter({ visible: true });
    const create = page.getByRole('button', { name: 'Create lip-sync' });
    await link.fill('https://example.com/another-sandbox-two-faces-5s.mp4');
    await page.getByText('The video has changed').waitFor();
    expect(await create.count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'link-changed-desktop-light');

    await page.getByRole('button', { name: 'Undo' }).click();
    expect(await link.inputValue()).toBe('https://example.com/first-sandbox-two-faces-5s.mp4');
    expect(await link.evaluate((input) => input === document.activeElement)).toBe(true);
    expect(await create.isEnabled()).toBe(true);
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    expect(scans).toBe(1);

    // A scan that fails does not lose the last one.
    await findFaces(page, 'nobody-sandbox-no-face-error-5s.mp4');
    await page.getByRole('alert').getByText('Kling found no face in this video.').waitFor();
    expect(await create.count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    expect(await create.isEnabled()).toBe(true);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('scans the same video again only after its scan has expired', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const ids: unknown[] = [];
    page.on('request', (request) => {
      const { query = '', variables } = (request.postDataJSON() ?? {}) as {
        query?: string;
        variables?: { externalId?: string };
      };
      if (query.includes('mutation IdentifyFaces')) ids.push(variables?.externalId);
    });
    await signIn(page, `again-${randomUUID()}`);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    const find = page.getByRole('button', { name: 'Find faces' });
    await find.click();
    await expect.poll(() => ids.length).toBe(2);
    await find.and(page.locator(':not([data-pending])')).waitFor();
    await page.clock.setFixedTime(Date.now() + 25 * 3_600_000);
    await find.click();
    await expect.poll(() => ids.length).toBe(3);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('asks for the length of audio that it cannot read, and guesses none', async ({ expect }) => {
    const { page } = await openPage(browser);
    await page.route('https://example.com/*.mp3', (route) => route.abort());
    await signIn(page, `length-${randomUUID()}`);
    await findFaces(page);
    await page.getByLabel('Audio link').fill('https://example.com/speech-12s.mp3');
    await page.getByRole('button', { name: 'Add audio' }).click();
    await page.getByText('Enter the audio length first').waitFor();
    expect(await page.getByText(/The audio is .* long/).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Create lip-sync' }).isDisabled()).toBe(true);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'unknown-length-desktop-light');
    await page.getByRole('spinbutton', { name: 'Audio length' }).fill('12');
    await page.getByText('Only 5 s of the 12 s of audio are used').waitFor();
    expect(await page.getByRole('button', { name: 'Create lip-sync' }).isEnabled()).toBe(true);
    await page.context().close();
  });

  it('keeps the scan over a reload without audio that is too large to keep', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    // A gateway without files gets the audio with the task, and its bytes are in the draft.
    await page.route('**/graphql', async (route) => {
      const { query = '' } = (route.request().postDataJSON() ?? {}) as { query?: string };
      if (!query.includes('mutation CreateMedia')) return route.fallback();
      const error = { message: 'The gateway keeps no files.', extensions: { code: 'NOT_CONFIGURED' } };
      return route.fulfill({ json: { errors: [error], data: { createMedia: null } } });
    });
    await signIn(page, `large-${randomUUID()}`);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    const kept = () => page.evaluate(() => Object.entries(sessionStorage).find(([key]) => key.endsWith('.audio')));
    expect(await kept()).toBeDefined();
    // 4.4 MB: what follows the audio counts, too.
    const buffer = Buffer.concat([createWav(4), Buffer.alloc(4_400_000)]);
    await page
      .locator('.audio-step input[type=file]')
      .setInputFiles({ name: 'large.wav', mimeType: 'audio/wav', buffer });
    await page.locator('.chosen-audio').getByText('large.wav').waitFor();
    expect(await kept()).toBeUndefined();
    await page.reload();
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await page.getByText('Add audio first').waitFor();
    expect(await page.getByText('greeting.wav').count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('is there again after its task was cancelled, and makes another task', async ({ expect }) => {
    const { page } = await openPage(browser);
    const tenant = `undo-${randomUUID()}`;
    await signIn(page, tenant);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    // Kling refuses such a task for now, so that it waits.
    await page.getByLabel('Audio link').fill('https://example.com/hello-sandbox-rate-limited-4s.mp3');
    await page.getByRole('button', { name: 'Add audio' }).click();
    await page.getByRole('spinbutton', { name: 'Audio length' }).fill('4');
    const create = page.getByRole('button', { name: 'Create lip-sync' });
    for (const statuses of [['CANCELLED'], ['CANCELLED', 'CANCELLED']]) {
      await create.click();
      await page.getByRole('button', { name: 'Cancel task' }).click();
      await page.getByText('Cancelled before Kling received it').waitFor();
      const execute = createExecute(`${inject('studioUrl')}/graphql`, await mintStudioToken(tenant));
      expect(await execute('{ tasks { nodes { status } } }')).toEqual({
        tasks: { nodes: statuses.map((status) => ({ status })) },
      });
      await page.getByRole('button', { name: 'Try again' }).click();
      expect(await create.isEnabled()).toBe(true);
    }
    await page.context().close();
  });

  it('says how much of the audio is left out if the video is shorter', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `longer-${randomUUID()}`);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page, 12);
    await page.getByText('Only 5 s of the 11.95 s of audio are used').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('spinbutton', { name: 'Clip start' }).fill('8');
    await page.getByRole('spinbutton', { name: 'Clip end' }).fill('11.9');
    await expect.poll(() => page.getByText(/of audio are used/).count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
