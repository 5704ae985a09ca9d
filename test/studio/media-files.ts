import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';

const FOLDER = join(import.meta.dirname, '../../src/sandbox/media/files');

/** A file as a browser is given it. */
export interface GivenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Returns a playable video of 5 s. It has about `megabytes` of unused space, so that it takes several requests. */
export function readVideoFile(name: string, megabytes = 0): GivenFile {
  const video = readFileSync(join(FOLDER, 'two-faces-5s.mp4'));
  // An MP4 box that players skip.
  const space = Buffer.alloc(8 + megabytes * 1_000_000);
  space.writeUInt32BE(space.length, 0);
  space.write('free', 4);
  return { name, mimeType: 'video/mp4', buffer: megabytes === 0 ? video : Buffer.concat([video, space]) };
}

/** Returns the file input of the video or of the audio. */
export function fileInput(page: Page, of: 'video' | 'audio'): Locator {
  const region =
    of === 'audio' ? page.locator('.audio-step') : page.getByRole('region', { name: 'Video', exact: true });
  return region.locator('input[type=file]');
}

/** Writes the file to a new folder, so that it can be chosen twice with the same time. Returns its path. */
export function writeFile({ name, buffer }: GivenFile): string {
  const path = join(mkdtempSync(join(tmpdir(), 'kling-file-')), name);
  writeFileSync(path, buffer);
  return path;
}

/** Drops a file as a user drags it from the desktop, at the middle of the target. */
export async function dropFile(page: Page, target: Locator, file: GivenFile): Promise<void> {
  const path = writeFile(file);
  const box = await target.boundingBox();
  if (box === null) throw new Error('the target is not to be seen');
  const place = { x: box.x + box.width / 2, y: box.y + 8 };
  const session = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', {
      type,
      ...place,
      data: { items: [], files: [path], dragOperationsMask: 1 },
    });
  }
  await session.detach();
}
