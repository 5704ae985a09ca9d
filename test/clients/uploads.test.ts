import { createHash, randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Upload } from 'tus-js-client';
import { createServer } from 'vite';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type MediaGateway, startMediaGateway } from '../node/media-gateway.ts';
import { IS_FULL } from '../support/depth.ts';
import { startCuttableProxy } from './cuttable-proxy.ts';

const MIB = 1_048_576;
const FILE_BYTES = IS_FULL ? 100_000_000 : 12_000_000;
const CUTS = IS_FULL ? 20 : 5;
const CHUNKS = [1, 5, 8] as const;
const RETRY_DELAYS = Array.from({ length: 50 }, () => 20);
const TIMEOUT_MS = 300_000;
const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

let gateway: MediaGateway;
beforeAll(async () => {
  gateway = await startMediaGateway();
});
afterAll(() => gateway.close());

/** Returns ascending numbers of bytes at which a proxy cuts. The bytes that are lost are sent again, so all are reached. */
function randomCuts(): readonly number[] {
  return Array.from({ length: CUTS }, () => randomInt(1, FILE_BYTES)).toSorted((a, b) => a - b);
}

/** Returns the URL of an upload through a proxy. */
function through(proxyUrl: string, uploadUrl: string | undefined): string {
  if (uploadUrl === undefined) throw new Error('the media has no upload');
  return proxyUrl + new URL(uploadUrl).pathname;
}

function uploadWithTus(file: Buffer, options: ConstructorParameters<typeof Upload>[1]): Promise<void> {
  return new Promise((resolve, reject) => {
    new Upload(file, { retryDelays: RETRY_DELAYS, ...options, onSuccess: () => resolve(), onError: reject }).start();
  });
}

describe(`a file of ${FILE_BYTES} bytes whose connection is cut ${CUTS} times`, () => {
  it.for(CHUNKS)(
    'arrives whole by tus-js-client in chunks of %i MiB',
    { timeout: TIMEOUT_MS },
    async (mib, { expect }) => {
      const file = randomBytes(FILE_BYTES);
      const media = await gateway.createMedia({ file: { bytes: FILE_BYTES } });
      const cutsAt = randomCuts();
      const proxy = await startCuttableProxy(gateway.url, cutsAt);
      const uploadUrl = through(proxy.origin, media.upload?.url);
      await uploadWithTus(file, { uploadUrl, chunkSize: mib * MIB });
      expect(proxy.cuts, `cuts at ${cutsAt.join(', ')}`).toBe(CUTS);
      await proxy.close();
      const sha256 = createHash('sha256').update(file).digest('hex');
      await expect.poll(() => gateway.media(media.id)).toMatchObject({ sha256, upload: null });
    },
  );

  it.runIf(existsSync(CHROMIUM)).for(CHUNKS)(
    'arrives whole by Uppy in Chromium on a page of another origin, in chunks of %i MiB',
    { timeout: TIMEOUT_MS },
    async (mib, { expect }) => {
      const pages = await createServer({
        root: join(import.meta.dirname, 'uppy-page'),
        configFile: false,
        logLevel: 'error',
        server: { port: 0, host: 'localhost' },
        cacheDir: join(import.meta.dirname, '../../node_modules/.cache/uppy-page'),
      });
      await pages.listen();
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
      const cutsAt = randomCuts();
      const proxy = await startCuttableProxy(gateway.url, cutsAt);
      try {
        const page = await browser.newPage();
        await page.goto(pages.resolvedUrls?.local[0] ?? '');
        await page.waitForFunction(() => 'uploadWithUppy' in window);
        const media = await gateway.createMedia({ file: { bytes: FILE_BYTES } });
        const sha256 = await page.evaluate(([url, bytes, chunk]) => window.uploadWithUppy(url, bytes, chunk), [
          through(proxy.origin, media.upload?.url),
          FILE_BYTES,
          mib * MIB,
        ] as const);
        expect(proxy.cuts, `cuts at ${cutsAt.join(', ')}`).toBe(CUTS);
        await expect.poll(() => gateway.media(media.id)).toMatchObject({ sha256, upload: null });
      } finally {
        await browser.close();
        await pages.close();
        await proxy.close();
      }
    },
  );
});

describe('tus-js-client', () => {
  it('may create the upload at its URL', async ({ expect }) => {
    const file = randomBytes(3 * MIB);
    const media = await gateway.createMedia({ file: { bytes: file.byteLength } });
    const endpoint = through(gateway.url, media.upload?.url);
    await uploadWithTus(file, { endpoint, chunkSize: MIB, uploadDataDuringCreation: true });
    const sha256 = createHash('sha256').update(file).digest('hex');
    await expect.poll(() => gateway.media(media.id)).toMatchObject({ sha256, upload: null });
  });

  it('may terminate an upload, which deletes the media', async ({ expect }) => {
    const media = await gateway.createMedia({ file: { bytes: FILE_BYTES } });
    const uploadUrl = through(gateway.url, media.upload?.url);
    await Upload.terminate(uploadUrl);
    expect(await gateway.media(media.id)).toBeNull();
    expect((await fetch(uploadUrl, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } })).status).toBe(410);
  });
});
