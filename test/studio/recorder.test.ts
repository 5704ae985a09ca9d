import { randomUUID } from 'node:crypto';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { createExecute } from '../../src/scripts/gateway-client.ts';
import { HAS_BROWSER, EXECUTABLE, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';
import { mintStudioToken } from './tokens.ts';

let browser: Browser;
beforeAll(async () => {
  if (!HAS_BROWSER) return;
  browser = await chromium.launch({
    executablePath: EXECUTABLE,
    // A camera and a microphone that beeps once a second.
    args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  });
});
afterAll(() => browser?.close());

interface Sent {
  readonly kind: string;
  readonly source: { readonly file: { readonly bytes: number; readonly fileName: string } };
}

/** Records the files that the page registers. */
function recordFiles(page: Page): readonly Sent[] {
  const sent: Sent[] = [];
  page.on('request', (request) => {
    if (!request.url().endsWith('/graphql')) return;
    const { query = '', variables } = (request.postDataJSON() ?? {}) as { query?: string; variables?: Sent };
    if (query.includes('mutation CreateMedia') && variables !== undefined) sent.push(variables);
  });
  return sent;
}

describe.runIf(HAS_BROWSER)('a recording', () => {
  it('of a voice shows its level, and becomes a WAV that is uploaded', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const sent = recordFiles(page);
    await signIn(page, `voice-${randomUUID()}`);
    await page.getByRole('navigation').getByText('Voices').click();
    await page.getByRole('button', { name: 'Record your voice' }).click();
    const recording = page.getByRole('group', { name: 'Recording' });
    await recording.getByText(/0:\d\d of 0:30/).waitFor();
    await expect
      .poll(() => recording.getByLabel('Level').evaluate((meter) => (meter as HTMLMeterElement).value))
      .toBeGreaterThan(0.1);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'recording-desktop-light');
    await recording.getByText(/0:(?:0[6-9]|[12]\d) of 0:30/).waitFor();
    await recording.getByRole('button', { name: 'Stop' }).click();
    const chosen = page.getByRole('group', { name: 'Recording' });
    await chosen.getByText(/recording-.*\.wav/).waitFor();
    expect(sent).toMatchObject([
      { kind: 'AUDIO', source: { file: { fileName: expect.stringMatching(/^recording-.*\.wav$/) } } },
    ]);
    // 32 kHz, 16 bit, 6 s to the limit.
    expect(sent[0]!.source.file.bytes).toBeGreaterThan(6 * 64_000);
    expect(sent[0]!.source.file.bytes).toBeLessThan(31 * 64_000);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('of a video shows the camera, and becomes an MP4 whose faces can be found', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const sent = recordFiles(page);
    await signIn(page, `video-${randomUUID()}`);
    await page.getByRole('navigation').getByText('New lip-sync').click();
    await page.getByRole('button', { name: 'Record a video' }).click();
    const recording = page.getByRole('group', { name: 'Recording' });
    await expect
      .poll(() => recording.getByLabel('Camera').evaluate((video) => (video as HTMLVideoElement).videoWidth))
      .toBe(1280);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'recording-video-desktop-light');
    await recording.getByText(/0:(?:0[3-9]|[1-5]\d) of 0:59/).waitFor();
    await recording.getByRole('button', { name: 'Stop' }).click();
    const chosen = page.getByRole('group', { name: 'Video file' });
    await chosen.getByText(/recording-.*\.mp4/).waitFor();
    expect(sent).toMatchObject([
      { kind: 'VIDEO', source: { file: { fileName: expect.stringMatching(/^recording-.*\.mp4$/) } } },
    ]);
    await page.getByRole('button', { name: 'Find faces' }).click();
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    // The camera is off.
    expect(await page.evaluate(() => document.querySelector('video')?.srcObject ?? null)).toBe(null);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('of a video on the first screen is READY at the gateway, and is made to talk', async ({ expect }) => {
    const { page, faults } = await openPage(browser, { path: '' });
    const tenant = `video-${randomUUID()}`;
    await signIn(page, tenant);
    await page.getByRole('button', { name: 'Record a video' }).click();
    const recording = page.getByRole('group', { name: 'Recording' });
    await recording.getByText(/0:(?:0[3-9]|[1-5]\d) of 0:59/).waitFor();
    await recording.getByRole('button', { name: 'Stop' }).click();
    await page
      .getByRole('group', { name: 'Video file' })
      .getByText(/recording-.*\.mp4/)
      .waitFor();
    const execute = createExecute(`${inject('studioUrl')}/graphql`, await mintStudioToken(tenant));
    const { media } = await execute<{ media: { nodes: readonly Record<string, unknown>[] } }>(
      '{ media { nodes { status contentType durationMs width height problems { code } } } }',
    );
    expect(media.nodes).toEqual([
      {
        status: 'READY',
        contentType: 'video/mp4',
        durationMs: expect.any(Number),
        width: 1280,
        height: 720,
        problems: [],
      },
    ]);
    expect(media.nodes[0]!['durationMs']).toBeGreaterThan(2_000);
    await page.getByLabel('What the person says').fill('This is my own face.');
    await page.getByRole('button', { name: 'Make it talk', exact: true }).click();
    await page.getByRole('link', { name: /(?:Open|Download) result/ }).waitFor({ timeout: 30_000 });
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('of a video is not kept if the user discards it or leaves the screen', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    const sent = recordFiles(page);
    await signIn(page, `video-${randomUUID()}`);
    const lipSync = page.getByRole('navigation').getByText('New lip-sync');
    await lipSync.click();
    const start = page.getByRole('button', { name: 'Record a video' });
    await start.click();
    await page.getByRole('group', { name: 'Recording' }).getByRole('button', { name: 'Discard' }).click();
    await start.click();
    await page.getByRole('group', { name: 'Recording' }).waitFor();
    await page.getByRole('navigation').getByText('Tasks').click();
    await lipSync.click();
    await start.waitFor();
    expect(sent).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('of a video is not offered by a browser that records no MP4, which says what to do', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await page.addInitScript(() => {
      MediaRecorder.isTypeSupported = (type) => type.startsWith('video/webm');
    });
    await page.reload();
    await signIn(page, `webm-${randomUUID()}`);
    await page.getByRole('navigation').getByText('New lip-sync').click();
    await page.getByText('This browser can’t record MP4').waitFor();
    expect(await page.getByRole('button', { name: 'Record a video' }).count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await shoot(page, 'no-recorder-desktop-light');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
