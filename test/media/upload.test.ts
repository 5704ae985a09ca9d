import { describe, it } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import { openUpload, testBytes } from '../support/uploads.ts';

const MIB = 1_048_576;

describe('an upload', () => {
  it.for([1, 1_000, MIB, MIB + 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 8 * MIB])(
    'of %i bytes in one chunk reaches the bucket',
    async (count, { expect }) => {
      const bytes = testBytes(count);
      const upload = await openUpload(count);
      expect(await upload.offset()).toBe(0);
      const response = await upload.patch(0, bytes);
      expect([response.status, response.headers.get('upload-offset')]).toEqual([204, String(count)]);
      expect(await upload.offset()).toBe(count);
      expect(await upload.recorded()).toBe(await sha256(bytes));
    },
  );

  it.for([
    [13 * MIB, MIB],
    [13 * MIB + 7, 3 * MIB + 1],
    [11 * MIB, 100_001],
    [100, 1],
  ] as const)('of %i bytes in chunks of %i bytes reaches the bucket', async ([count, chunk], { expect }) => {
    const bytes = testBytes(count);
    const upload = await openUpload(count);
    for (let offset = 0; offset < count; offset += chunk) {
      const response = await upload.patch(offset, bytes.slice(offset, offset + chunk));
      expect(response.status).toBe(204);
    }
    expect(await upload.recorded()).toBe(await sha256(bytes));
  });

  it('by one PUT reaches the bucket', async ({ expect }) => {
    const bytes = testBytes(12 * MIB);
    const upload = await openUpload(bytes.byteLength);
    expect((await upload.send('PUT', {}, bytes)).status).toBe(204);
    expect(await upload.recorded()).toBe(await sha256(bytes));
  });
});
