/**
 * `npx node test/studio/picture.ts`: takes the picture of the studio in docs/studio.png, while `npm start` runs.
 *
 * `GATEWAY_URL` is the URL of the gateway, by default http://localhost:8787. `CHROMIUM_PATH` is the browser. The sandbox's
 * video replaces the one at https://example.com. Fails for a picture larger than 200 KB.
 */

import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { chooseAudio, findFaces } from './make-lip-sync.ts';
import { mintStudioToken } from './tokens.ts';

const PICTURE_BYTES_MAX = 200 * 1024;

/** The browser fades out the spinner of a loaded video, without an event. */
const SPINNER_MS = 1_000;

const gateway = process.env['GATEWAY_URL'] ?? 'http://localhost:8787';
const sandbox = process.env['SANDBOX_URL'] ?? 'http://localhost:8788';
const path = join(import.meta.dirname, '../../docs/studio.png');

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage({
    viewport: { width: 1200, height: 1680 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  await page.route('https://example.com/**', async (route) => {
    const video = await fetch(`${sandbox}/files/examples/interview-sandbox-two-faces-5s.mp4`);
    await route.fulfill({ body: Buffer.from(await video.arrayBuffer()), contentType: 'video/mp4' });
  });
  await page.goto(gateway);
  await page.getByLabel('Access token').fill(await mintStudioToken('acme'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  await findFaces(page, 'interview-sandbox-two-faces-5s.mp4');
  await page.getByRole('radio', { name: /Face 1/ }).waitFor();
  await chooseAudio(page);
  await page.getByText('0.5 units').waitFor();
  await page.waitForFunction(() => document.querySelector('video')?.readyState === HTMLMediaElement.HAVE_ENOUGH_DATA);
  await page.waitForTimeout(SPINNER_MS);
  const { length } = await page.screenshot({ path });
  process.stdout.write(`${path}: ${Math.round(length / 1024)} KB\n`);
  if (length > PICTURE_BYTES_MAX) process.exitCode = 1;
} finally {
  await browser.close();
}
