import type { Page } from 'playwright-core';
import { createWav } from './wav.ts';

/** Opens the screen and scans a video for faces. The name of the video can have scenario words of the sandbox. */
export async function findFaces(page: Page, video = 'interview-sandbox-two-faces-5s.mp4'): Promise<void> {
  await page.getByRole('navigation').getByText('New lip-sync').click();
  // The first screen has a field of this name, too. It stays in the page while it is hidden.
  await page.getByLabel('Video link').filter({ visible: true }).fill(`https://example.com/${video}`);
  await page.getByRole('button', { name: 'Find faces' }).click();
}

/** Chooses an audio file, which is sent in base64. */
export async function chooseAudio(page: Page, seconds = 4): Promise<void> {
  const file = { name: 'greeting.wav', mimeType: 'audio/wav', buffer: createWav(seconds) };
  await page.locator('.audio-step input[type=file]').setInputFiles(file);
  await page.getByRole('slider', { name: 'Position of the audio' }).waitFor();
}

/** Drags a slider of the timeline with the mouse. */
export async function drag(page: Page, name: string, byPixels: number): Promise<void> {
  const grip = page.getByRole('slider', { name });
  await grip.scrollIntoViewIfNeeded();
  const box = await grip.boundingBox();
  if (box === null) throw new Error(`${name} is not to be seen`);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + byPixels, y, { steps: 6 });
  await page.mouse.up();
}

/** Creates an ordinary lip-sync. */
export async function createLipSync(page: Page, video?: string): Promise<void> {
  await findFaces(page, video);
  await page.getByRole('radio').first().waitFor();
  await chooseAudio(page);
  await page.getByRole('button', { name: 'Create lip-sync' }).click();
}
