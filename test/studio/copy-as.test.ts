import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { parse } from 'graphql';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, signIn } from './studio-browser.ts';
import { mintStudioToken } from './tokens.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

/** Copies an action, and returns the text of the clipboard. */
async function copy(page: Page, action: string, form: 'GraphQL' | 'curl'): Promise<string> {
  const group = page.getByRole('group', { name: `Copy “${action}” as code` });
  await group.getByRole('button', { name: `Copy as ${form}` }).click();
  await group.getByText(`Copied as ${form}`).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

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
    const command = await copy(page, 'Create lip-sync', 'curl');
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

  it('is copied as GraphQL, each time with an external id of its own', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(page, `copies-${randomUUID()}`);
    await page.getByRole('navigation').getByText('New lip-sync').click();
    await page.getByLabel('Video link').fill('https://example.com/talk.mp4');
    const first = await copy(page, 'Find faces', 'GraphQL');
    expect(first).toMatch(/^mutation IdentifyFaces\(/);
    expect(first).toContain('#     "url": "https://example.com/talk.mp4"');
    expect(() => parse(first)).not.toThrow();
    await page.getByLabel('Video link').focus();
    expect(await copy(page, 'Find faces', 'GraphQL')).not.toBe(first);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
