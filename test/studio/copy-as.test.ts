import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { parse } from 'graphql';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { fileInput, readVideoFile } from './media-files.ts';
import { copyAs, HAS_BROWSER, launch, openPage, seriousFindings, signIn } from './studio-browser.ts';
import { mintStudioToken } from './tokens.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

describe.runIf(HAS_BROWSER)('an action of the studio', () => {
  it('is copied as a curl command that does the same, without the token', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const tenant = `copies-${randomUUID()}`;
    await signIn(page, tenant);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    const name = `Anna's "$HOME" & co`;
    await page.getByRole('textbox', { name: 'Name (optional)' }).fill(name);
    const command = await copyAs(page, 'Create lip-sync', 'curl');
    expect(await seriousFindings(page)).toEqual([]);
    expect(command).toContain('Bearer $TOKEN');
    expect(command).not.toContain('eyJ');
    const env = { ...process.env, TOKEN: await mintStudioToken(tenant) };
    const answers = await Promise.all(
      [1, 2].map(async () => {
        const { stdout } = await promisify(execFile)('bash', ['-c', command], { env });
        return JSON.parse(stdout) as { readonly data: { readonly createLipSyncTask: { readonly id: string } } };
      }),
    );
    // Running the same command again costs nothing.
    expect(answers[1]).toMatchObject({ data: { createLipSyncTask: { id: answers[0]!.data.createLipSyncTask.id } } });
    await page.getByRole('navigation').getByText('Tasks').click();
    const tasks = page.getByRole('list', { name: 'Tasks, newest first' });
    await tasks.getByText(name).waitFor();
    expect(await tasks.getByRole('link').count()).toBe(1);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('that registers a file is copied without its upload URL, and registers one when it is run', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const tenant = `copies-${randomUUID()}`;
    const held = Promise.withResolvers<() => Promise<void>>();
    await page.route('**/uploads/**', (route) =>
      route.request().method() === 'PATCH' ? held.resolve(() => route.continue()) : route.continue(),
    );
    await signIn(page, tenant);
    await page.getByRole('navigation').getByText('New lip-sync').click();
    await fileInput(page, 'video').setInputFiles(readVideoFile('copied.mp4'));
    const release = await held.promise;
    const command = await copyAs(page, 'Upload a file', 'curl');
    await release();
    expect(command).toContain('"fileName": "copied.mp4"');
    expect(command).not.toContain('/uploads/');
    const env = { ...process.env, TOKEN: await mintStudioToken(tenant) };
    const { stdout } = await promisify(execFile)('bash', ['-c', command], { env });
    expect(JSON.parse(stdout)).toMatchObject({
      data: { createMedia: { status: 'UPLOADING', fileName: 'copied.mp4' } },
    });
    await page.getByRole('navigation').getByText('Files').click();
    expect(await copyAs(page, 'Upload a file', 'GraphQL')).toMatch(/^mutation CreateMedia\(/);
    expect(await seriousFindings(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('is copied as GraphQL, each time with an external id of its own', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(page, `copies-${randomUUID()}`);
    await page.getByRole('navigation').getByText('New lip-sync').click();
    await page.getByLabel('Video link').filter({ visible: true }).fill('https://example.com/talk.mp4');
    const first = await copyAs(page, 'Find faces', 'GraphQL');
    expect(first).toMatch(/^mutation IdentifyFaces\(/);
    expect(first).toContain('#     "url": "https://example.com/talk.mp4"');
    expect(() => parse(first)).not.toThrow();
    await page.getByLabel('Video link').filter({ visible: true }).focus();
    expect(await copyAs(page, 'Find faces', 'GraphQL')).not.toBe(first);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
