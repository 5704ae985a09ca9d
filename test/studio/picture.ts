/**
 * `npx node test/studio/picture.ts`: takes the picture of the studio in docs/studio.png, while `npm start` runs.
 *
 * `GATEWAY_URL` is the URL of the gateway, by default http://localhost:8787. `CHROMIUM_PATH` is the browser. Fails for a
 * picture larger than 200 KB.
 */

import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { readVideoFile } from './media-files.ts';
import { mintStudioToken } from './tokens.ts';

const PICTURE_BYTES_MAX = 200 * 1024;

/** The browser fades out the spinner of a loaded video, without an event. */
const SPINNER_MS = 1_000;

const gateway = process.env['GATEWAY_URL'] ?? 'http://localhost:8787';
const path = join(import.meta.dirname, '../../docs/studio.png');

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage({
    viewport: { width: 1200, height: 756 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  await page.goto(gateway);
  await page.getByLabel('Access token').fill(await mintStudioToken('acme'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('.talk input[type=file]').setInputFiles(readVideoFile('interview.mp4'));
  await page.getByRole('group', { name: 'Video file' }).waitFor();
  await page.getByLabel('What the person says').fill('Good morning, and welcome to the show.');
  await page.getByText('0.6 units').waitFor();
  await page.getByRole('heading', { level: 1 }).focus();
  await page.waitForFunction(() => document.querySelector('video')?.readyState === HTMLMediaElement.HAVE_ENOUGH_DATA);
  await page.waitForTimeout(SPINNER_MS);
  const { length } = await page.screenshot({ path });
  process.stdout.write(`${path}: ${Math.round(length / 1024)} KB\n`);
  if (length > PICTURE_BYTES_MAX) process.exitCode = 1;
} finally {
  await browser.close();
}
