import { describe, it } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import { CHUNK_TYPE, openUpload, type TestUpload, testBytes } from '../support/uploads.ts';

/** The chunk of a `TUSClient` by default, and the one of the recipe in docs/clients.md. */
const CHUNKS = [500 * 1024, 8 * 1_048_576] as const;

/** A client that sends what TUSKit 3.8 sends for one call of `uploadFileAt`. */
interface TusKit {
  /** `CreationTask`. The client always creates the upload, at the URL that it is given. Returns where it goes on. */
  create(): Promise<string>;
  /** `StatusTask`, for an upload that a former start of the app has created. Returns the offset. */
  status(location: string): Promise<number>;
  /** `UploadDataTask`. The client reads no status, and goes on at the offset of any response. */
  chunk(location: string, offset: number): Promise<number>;
}

function offsetOf(response: Response): number {
  const offset = response.headers.get('upload-offset');
  if (offset === null) throw new Error(`couldNotRetrieveOffset: ${response.status}`);
  return Number(offset);
}

function tusKit({ url, permit, send }: TestUpload, file: Uint8Array<ArrayBuffer>, chunkBytes: number): TusKit {
  /** All requests go to the URL of the upload, since the response to the creation names it. */
  function at(location: string): void {
    if (location !== url) throw new Error(`the upload moved to ${location}`);
  }

  return {
    async create() {
      const response = await send('POST', {
        'upload-length': String(permit.bytes),
        'upload-metadata': `filename ${btoa('4C5B1F0E-0000-4000-8000-000000000000clip.mp4')}`,
      });
      const location = response.headers.get('location');
      if (!response.ok || location === null) throw new Error(`couldNotRetrieveLocation: ${response.status}`);
      return location;
    },
    async status(location) {
      at(location);
      const response = await send('HEAD');
      const length = Number(response.headers.get('upload-length') ?? Number.NaN);
      if (!response.ok || length !== file.byteLength) throw new Error(`couldNotFetchStatus: ${response.status}`);
      return offsetOf(response);
    },
    async chunk(location, offset) {
      at(location);
      const body = file.slice(offset, offset + chunkBytes);
      const headers = { 'content-type': CHUNK_TYPE, 'upload-offset': String(offset) };
      return offsetOf(await send('PATCH', { ...headers, 'content-length': String(body.byteLength) }, body));
    },
  };
}

/** Sends the rest of a file. Like the client, throws if a response does not move the offset. */
async function sendFrom(client: TusKit, location: string, start: number, bytes: number): Promise<void> {
  for (let offset = start; offset < bytes;) {
    const next = await client.chunk(location, offset);
    if (next === offset) throw new Error('receivedUnexpectedOffset');
    offset = next;
  }
}

/** A body whose connection is lost after some bytes have been read. */
function lostAfter(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let isSent = false;
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      if (isSent) controller.error(new Error('Network connection lost.'));
      else controller.enqueue(bytes);
      isSent = true;
    },
  });
}

describe('a file that is sent as TUSKit sends it', () => {
  it.for(CHUNKS)('arrives in chunks of %i bytes', async (chunkBytes, { expect }) => {
    const file = testBytes(chunkBytes + 300_001);
    const upload = await openUpload(file.byteLength);
    const client = tusKit(upload, file, chunkBytes);
    await sendFrom(client, await client.create(), 0, file.byteLength);
    expect(await upload.recorded()).toBe(await sha256(file));
  });

  it.for(CHUNKS)('goes on after a lost connection, in chunks of %i bytes', async (chunkBytes, { expect }) => {
    const file = testBytes(2 * chunkBytes + 300_001);
    const upload = await openUpload(file.byteLength);
    const client = tusKit(upload, file, chunkBytes);
    const location = await client.create();
    const first = await client.chunk(location, 0);
    expect(first).toBe(chunkBytes);
    await upload.patch(first, lostAfter(file.slice(first, first + 123_457))).catch(() => {});
    // The client repeats the same chunk. The refusal has the offset, from which it goes on.
    const next = await client.chunk(location, first);
    expect(next).toBe(first + 123_457);
    await sendFrom(client, location, next, file.byteLength);
    expect(await upload.recorded()).toBe(await sha256(file));
  });

  it('goes on when the app starts again, with its record of the upload and without', async ({ expect }) => {
    const [chunkBytes] = CHUNKS;
    const file = testBytes(4 * chunkBytes);
    const upload = await openUpload(file.byteLength);
    const client = tusKit(upload, file, chunkBytes);
    const location = await client.create();
    await client.chunk(location, 0);
    const again = tusKit(upload, file, chunkBytes);
    expect(await again.status(location)).toBe(chunkBytes);
    await again.chunk(location, chunkBytes);
    // An app that calls `uploadFileAt` again creates the upload again, and sends the first chunk.
    const restarted = tusKit(upload, file, chunkBytes);
    const next = await restarted.chunk(await restarted.create(), 0);
    expect(next).toBe(2 * chunkBytes);
    await sendFrom(restarted, location, next, file.byteLength);
    expect(await upload.recorded()).toBe(await sha256(file));
  });

  it('fails if a chunk is too large, instead of a repeat without an end', async ({ expect }) => {
    const file = testBytes(9 * 1_048_576);
    const upload = await openUpload(file.byteLength);
    const client = tusKit(upload, file, 9 * 1_048_576);
    const location = await client.create();
    await expect(client.chunk(location, 0)).rejects.toThrow('couldNotRetrieveOffset: 413');
  });
});
