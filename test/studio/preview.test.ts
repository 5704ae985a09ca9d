import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { HAS_BROWSER, launch, openPage, seriousFindings, shoot, signIn } from './studio-browser.ts';

let browser: Browser;
beforeAll(async () => {
  if (HAS_BROWSER) browser = await launch();
});
afterAll(() => browser?.close());

/** Records the audio elements that play, which are not in the document. */
async function recordAudio(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const played: HTMLAudioElement[] = [];
    Object.assign(window, { played });
    const play = Reflect.get(HTMLMediaElement.prototype, 'play');
    HTMLMediaElement.prototype.play = function (): Promise<void> {
      if (this instanceof HTMLAudioElement && !played.includes(this)) played.push(this);
      return play.call(this);
    };
  });
  await page.reload();
}

interface Playing {
  readonly videoMs: number;
  readonly isVideoPlaying: boolean;
  /** Null if no audio has played yet. */
  readonly audioMs: number | null;
  readonly isAudioPlaying: boolean;
  readonly volumes: readonly (number | undefined)[];
}

function readPlaying(page: Page): Promise<Playing> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    const audio = (window as unknown as { played: HTMLAudioElement[] }).played.at(-1);
    return {
      videoMs: (video?.currentTime ?? 0) * 1000,
      isVideoPlaying: video?.paused === false,
      audioMs: audio === undefined ? null : audio.currentTime * 1000,
      isAudioPlaying: audio?.paused === false,
      volumes: [audio?.volume, video?.volume],
    };
  });
}

describe.runIf(HAS_BROWSER)('the preview of a lip-sync', () => {
  it('plays the audio at its place in the video, with the chosen volumes', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await recordAudio(page);
    await signIn(page, `preview-${randomUUID()}`);
    await findFaces(page);
    await page.getByRole('button', { name: 'Play this part' }).waitFor();
    await chooseAudio(page, 3);
    // The clip is 0.5 to 2.5 s of the audio, from 0.5 s of the video.
    await page.getByRole('spinbutton', { name: 'Clip start' }).fill('0.5');
    await page.getByRole('spinbutton', { name: 'Clip end' }).fill('2.5');
    await page.getByRole('spinbutton', { name: 'Starts in the video at' }).fill('0.5');
    await page.getByText('Volumes and watermark').click();
    await page.getByRole('slider', { name: 'Audio volume' }).fill('2');
    await page.getByRole('button', { name: 'Play with audio' }).click();

    await expect.poll(() => readPlaying(page)).toMatchObject({ isVideoPlaying: true, isAudioPlaying: true });
    await expect
      .poll(async () => {
        const { videoMs, audioMs, isAudioPlaying } = await readPlaying(page);
        return isAudioPlaying && audioMs !== null && Math.abs(audioMs - 500 - (videoMs - 500)) < 120;
      })
      .toBe(true);
    expect((await readPlaying(page)).volumes).toEqual([1, 0.5]);
    // The audio ends before the video.
    await expect
      .poll(() => readPlaying(page))
      .toMatchObject({ isVideoPlaying: true, isAudioPlaying: false, audioMs: expect.any(Number) });
    expect((await readPlaying(page)).videoMs).toBeGreaterThan(2400);

    // A seek into the clip continues it there, and a pause of the video pauses it.
    await page.locator('video').evaluate((video) => {
      (video as HTMLVideoElement).currentTime = 1;
    });
    await expect.poll(async () => (await readPlaying(page)).isAudioPlaying).toBe(true);
    await page.locator('video').evaluate((video) => (video as HTMLVideoElement).pause());
    await expect.poll(async () => (await readPlaying(page)).isAudioPlaying).toBe(false);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows the face that speaks with its time range, and plays it', async ({ expect }) => {
    const { page, faults } = await openPage(browser);
    await signIn(page, `speaker-${randomUUID()}`);
    await findFaces(page);
    await page.getByText('Face 2', { exact: true }).click();
    const speaker = page.locator('.speaker');
    await speaker.getByText('Face 2 speaks').waitFor();
    const range = await page.getByRole('radio', { name: /Face 2/ }).getAttribute('aria-label');
    const [, startS] = /Face 2, ([\d.]+) s to/.exec(range ?? '') ?? [];
    await speaker.getByText(`Visible from ${startS} s to`).waitFor();
    await expect
      .poll(() => speaker.locator('img').evaluate((image) => (image as HTMLImageElement).naturalWidth))
      .toBeGreaterThan(0);
    await speaker.getByRole('button', { name: 'Play this part' }).click();
    await expect.poll(() => speaker.getAttribute('data-seen')).toBe('true');
    expect(
      await page.locator('video').evaluate((video) => (video as HTMLVideoElement).currentTime),
    ).toBeGreaterThanOrEqual(Number(startS));
    await page.getByRole('navigation').getByText('Tasks').click();
    await expect.poll(() => page.locator('video').evaluate((video) => (video as HTMLVideoElement).paused)).toBe(true);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('fits a small phone', async ({ expect }) => {
    const { page, faults } = await openPage(browser, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    await signIn(page, `small-${randomUUID()}`);
    await findFaces(page);
    await page.getByRole('radio', { name: /Face 1/ }).waitFor();
    await chooseAudio(page);
    expect(await seriousFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await shoot(page, 'preview-small-dark');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
