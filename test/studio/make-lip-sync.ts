import type { Page } from 'playwright-core';
import { createWav } from './wav.ts';

/** Opens the screen and has the faces of a video found. The words in its name tell the sandbox what to do. */
export async function findFaces(page: Page, video = 'interview-sandbox-two-faces-5s.mp4'): Promise<void> {
  await page.getByRole('navigation').getByText('New lip-sync').click();
  await page.getByLabel('Link to the video').fill(`https://example.com/${video}`);
  await page.getByRole('button', { name: 'Find faces' }).click();
}

/** A sound of one's own, in base64. */
export async function chooseAudio(page: Page, seconds = 4): Promise<void> {
  const file = { name: 'greeting.wav', mimeType: 'audio/wav', buffer: createWav(seconds) };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('slider', { name: 'Place of the sound' }).waitFor();
}

/** Takes hold of a slider of the timeline and moves it, as a hand with a mouse does. */
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

/** A lip-sync with nothing special about it, up to its creation. */
export async function createLipSync(page: Page, video?: string): Promise<void> {
  await findFaces(page, video);
  await page.getByRole('radio').first().waitFor();
  await chooseAudio(page);
  await page.getByRole('button', { name: 'Create lip-sync' }).click();
}
