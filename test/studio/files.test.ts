import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { listen } from './accessibility-tree.ts';
import { chooseAudio } from './make-lip-sync.ts';
import { dropFile, fileInput, readVideoFile, writeFile } from './media-files.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';
import { createWav } from './wav.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

async function openLipSync(page: Page): Promise<void> {
  await signIn(page, `files-${randomUUID()}`);
  await page.getByRole('navigation').getByText('New lip-sync').click();
}

/** Records the names of the operations that the page sends. */
function recordOperations(page: Page): readonly string[] {
  const names: string[] = [];
  page.on('request', (request) => {
    if (!request.url().endsWith('/graphql')) return;
    const { query = '' } = (request.postDataJSON() ?? {}) as { query?: string };
    const [, name] = /^\s*(?:mutation|query) (\w+)/.exec(query) ?? [];
    if (name !== undefined) names.push(name);
  });
  return names;
}

/** Records the methods of the requests to upload URLs, in order. */
function recordUploads(page: Page): readonly string[] {
  const methods: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/uploads/')) methods.push(request.method());
  });
  return methods;
}

describe.runIf(HAS_BROWSER)('a file in the studio', () => {
  it('is dropped, uploaded and checked, and becomes a lip-sync whose result plays', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const uploads = recordUploads(page);
    await openLipSync(page);
    await dropFile(page, page.locator('.file-drop').first(), readVideoFile('holiday.mp4', 12));
    await page.getByRole('progressbar').first().waitFor();
    const chosen = page.getByRole('group', { name: 'Video file' });
    await chosen.getByText('holiday.mp4').waitFor();
    await chosen.getByText('5 s', { exact: true }).waitFor();
    // Chunks of 5 MiB.
    expect(uploads.filter((method) => method === 'PATCH')).toHaveLength(3);
    await page.getByRole('button', { name: 'Find faces' }).click();
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await expect
      .poll(() => page.locator('video.preview').evaluate((video) => (video as HTMLVideoElement).readyState))
      .toBeGreaterThanOrEqual(2);
    await chooseAudio(page);
    await page.locator('.waveform').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'files-desktop-light');

    // A reload keeps both files.
    await page.reload();
    await chosen.getByText('holiday.mp4').waitFor();
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    await page.getByRole('button', { name: 'Create lip-sync' }).click();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor();
    await expect
      .poll(() => page.getByLabel('Result').evaluate((video) => (video as HTMLVideoElement).readyState))
      .toBeGreaterThanOrEqual(2);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('is paused, resumed after the last received byte, and announced', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const uploads = recordUploads(page);
    const secondPatch = Promise.withResolvers<void>();
    let patches = 0;
    await page.route('**/uploads/**', async (route) => {
      if (route.request().method() === 'PATCH') patches += 1;
      if (patches !== 2 || route.request().method() !== 'PATCH') return route.continue();
      // Held until the page aborts it.
      secondPatch.resolve();
      return undefined;
    });
    await openLipSync(page);
    const said = await listen(page);
    await fileInput(page, 'video').setInputFiles(readVideoFile('paused.mp4', 12));
    await secondPatch.promise;
    await page.getByText(/of 12 MB/).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'upload-paused-desktop-light');
    const before = uploads.length;
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('group', { name: 'Video file' }).getByText('paused.mp4').waitFor();
    // One chunk was received before, and is not sent again.
    expect(uploads.slice(before)).toEqual(['HEAD', 'PATCH', 'PATCH']);
    expect(await said()).toEqual(expect.arrayContaining(['Upload paused', 'paused.mp4 is uploaded']));
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('continues after a reload, from the last received byte, if the same file is chosen again', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const uploads = recordUploads(page);
    const operations = recordOperations(page);
    const secondPatch = Promise.withResolvers<void>();
    let patches = 0;
    await page.route('**/uploads/**', async (route) => {
      if (route.request().method() === 'PATCH') patches += 1;
      if (patches !== 2 || route.request().method() !== 'PATCH') return route.continue();
      // Held until the page is left.
      secondPatch.resolve();
      return undefined;
    });
    await openLipSync(page);
    const path = writeFile(readVideoFile('tunnel.mp4', 12));
    await fileInput(page, 'video').setInputFiles(path);
    await secondPatch.promise;
    const storage = await page.evaluate(() =>
      JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)]),
    );
    // The upload URL is a permission: it is read again with the token.
    expect(storage).toContain('tunnel.mp4');
    expect(storage).not.toContain('/uploads/');
    await page.reload();
    await page.getByText('The upload of tunnel.mp4 was interrupted').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'upload-interrupted-desktop-light');
    const before = uploads.length;
    await fileInput(page, 'video').setInputFiles(path);
    await page.getByRole('group', { name: 'Video file' }).getByText('tunnel.mp4').waitFor();
    // One chunk was received before, and is not sent again.
    expect(uploads.slice(before)).toEqual(['HEAD', 'PATCH', 'PATCH']);
    expect(operations.filter((name) => name === 'CreateMedia')).toHaveLength(1);
    expect(await page.getByText('was interrupted').count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('that a reload has interrupted is deleted if another one is chosen, or the user discards it', async ({
    expect,
  }) => {
    const { page, faults } = await openPage(browser);
    const operations = recordOperations(page);
    await page.route('**/uploads/**', (route) =>
      // Held until the page is left.
      route.request().method() === 'PATCH' && route.request().postDataBuffer()?.length === 5_242_880
        ? undefined
        : route.continue(),
    );
    await openLipSync(page);
    for (const way of ['another', 'discard']) {
      const held = page.waitForRequest((request) => request.method() === 'PATCH');
      await fileInput(page, 'video').setInputFiles(writeFile(readVideoFile(`first-${way}.mp4`, 6)));
      await held;
      await page.reload();
      await page.getByText(`The upload of first-${way}.mp4 was interrupted`).waitFor();
      if (way === 'discard') await page.getByRole('button', { name: 'Discard' }).click();
      else await fileInput(page, 'video').setInputFiles(readVideoFile('second.mp4'));
      await expect
        .poll(() => operations.filter((name) => name === 'DeleteMedia').length)
        .toBe(way === 'another' ? 1 : 2);
      expect(await page.getByText('was interrupted').count()).toBe(0);
      if (way === 'discard') continue;
      await page.getByRole('button', { name: 'Remove second.mp4' }).click();
    }
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('that is complete when the page is loaded again is taken without choosing it again', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    let isHeld = true;
    await page.route('**/graphql', (route) =>
      // The page does not learn that the file is ready.
      isHeld && (route.request().postData() ?? '').includes('query Media(') ? undefined : route.continue(),
    );
    await openLipSync(page);
    await fileInput(page, 'video').setInputFiles(writeFile(readVideoFile('whole.mp4')));
    await page.getByText('Checking the file').first().waitFor();
    isHeld = false;
    await page.reload();
    await page.getByRole('group', { name: 'Video file' }).getByText('whole.mp4').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('continues by itself when the browser is online again', async ({ expect }) => {
    const { page } = await openPage(browser);
    const firstPatch = Promise.withResolvers<() => Promise<void>>();
    let isHeld = true;
    await page.route('**/uploads/**', async (route) => {
      if (route.request().method() !== 'PATCH' || !isHeld) return route.continue();
      isHeld = false;
      firstPatch.resolve(() => route.abort('internetdisconnected'));
      return undefined;
    });
    await openLipSync(page);
    await fileInput(page, 'video').setInputFiles(readVideoFile('train.mp4', 6));
    const lose = await firstPatch.promise;
    await page.context().setOffline(true);
    await lose();
    await page.getByText('Connection lost. The upload resumes when you are back online.').waitFor();
    await page.context().setOffline(false);
    await page.getByRole('group', { name: 'Video file' }).getByText('train.mp4').waitFor();
    expect(await page.getByText('Connection lost').count()).toBe(0);
    await page.context().close();
  });

  it('of a type or length that Kling refuses is not sent, and the page says why', async ({ expect }) => {
    const { page, faults } = await openPage(browser, { viewport: { width: 360, height: 740 } });
    const operations = recordOperations(page);
    await openLipSync(page);
    const video = fileInput(page, 'video');
    await video.setInputFiles({ name: 'clip.webm', mimeType: 'video/webm', buffer: Buffer.alloc(1000) });
    await page.getByRole('alert').getByText('Kling can’t use WEBM files here').waitFor();
    await video.setInputFiles({ name: 'empty.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(0) });
    await page.getByRole('alert').getByText('The file is empty').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await shoot(page, 'file-refused-small-light');
    expect(operations).not.toContain('CreateMedia');
    expect(await page.getByRole('button', { name: 'Find faces' }).isDisabled()).toBe(true);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('that lies about its type is refused after its upload, and Kling is not asked', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const operations = recordOperations(page);
    await openLipSync(page);
    const noise = Buffer.from('not a video at all. '.repeat(5000));
    await fileInput(page, 'video').setInputFiles({ name: 'noise.mp4', mimeType: 'video/mp4', buffer: noise });
    const alert = page.getByRole('alert');
    await alert.getByText('noise.mp4 can’t be used').waitFor();
    await alert.getByText('Export it again as MP4 or MOV').waitFor();
    await alert.getByText('Nothing was charged.').waitFor();
    expect(operations).toContain('CreateMedia');
    expect(operations).not.toContain('IdentifyFaces');
    // Another file can be chosen at once. It replaces the refused one.
    await fileInput(page, 'video').setInputFiles(readVideoFile('fine.mp4'));
    await page.getByRole('group', { name: 'Video file' }).getByText('fine.mp4').waitFor();
    expect(await alert.count()).toBe(0);
    expect(operations).toContain('DeleteMedia');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('of audio is sent with the task if the gateway keeps no files', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.route('**/graphql', async (route) => {
      const { query = '' } = (route.request().postDataJSON() ?? {}) as { query?: string };
      if (!query.includes('mutation CreateMedia')) return route.fallback();
      const error = { message: 'The gateway keeps no files.', extensions: { code: 'NOT_CONFIGURED' } };
      return route.fulfill({ json: { errors: [error], data: { createMedia: null } } });
    });
    await openLipSync(page);
    await fileInput(page, 'video').setInputFiles(readVideoFile('clip.mp4'));
    await page.getByRole('alert').getByText('This gateway keeps no files').waitFor();
    await page
      .getByLabel('Video link')
      .filter({ visible: true })
      .fill('https://example.com/interview-sandbox-two-faces-5s.mp4');
    await page.getByRole('button', { name: 'Find faces' }).click();
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await fileInput(page, 'audio').setInputFiles({ name: 'a.wav', mimeType: 'audio/wav', buffer: createWav(4) });
    await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('is listed with its facts, and deleted', async ({ expect }) => {
    const { page, faults } = await openPage(browser, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
    await openLipSync(page);
    await fileInput(page, 'video').setInputFiles(readVideoFile('listed.mp4'));
    await page.getByRole('group', { name: 'Video file' }).getByText('listed.mp4').waitFor();
    await page.getByRole('navigation').getByText('Files').click();
    const files = page.getByRole('list', { name: 'Files, newest first' });
    await files.getByText(/^5 s · 1280 × 720 · 49 KB/).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      files.getByRole('link', { name: 'Download listed.mp4' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('listed.mp4');
    expect(await seriousFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await shoot(page, 'file-list-phone-dark');
    await files.getByRole('button', { name: 'Delete listed.mp4' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete file' }).click();
    await page.getByText('No files yet').waitFor();
    expect(await page.getByRole('heading', { level: 1 }).evaluate((h) => h === document.activeElement)).toBe(true);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
