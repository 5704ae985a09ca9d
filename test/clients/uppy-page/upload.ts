import Uppy from '@uppy/core';
import Tus from '@uppy/tus';

declare global {
  interface Window {
    /** Uploads a file of random bytes, as a page with Uppy does. Returns the SHA-256 of the file. */
    uploadWithUppy(uploadUrl: string, bytes: number, chunkBytes: number): Promise<string>;
  }
}

/** The most bytes of one call of `getRandomValues`. */
const RANDOM_BYTES_MAX = 65_536;

window.uploadWithUppy = async (uploadUrl, bytes, chunkBytes) => {
  const data = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i += RANDOM_BYTES_MAX) crypto.getRandomValues(data.subarray(i, i + RANDOM_BYTES_MAX));
  const uppy = new Uppy().use(Tus, {
    uploadUrl,
    chunkSize: chunkBytes,
    retryDelays: Array.from({ length: 50 }, () => 20),
  });
  uppy.addFile({ name: 'clip.mp4', type: 'video/mp4', data: new Blob([data]) });
  const result = await uppy.upload();
  if (result?.failed?.length !== 0) throw new Error(result?.failed?.[0]?.error ?? 'the upload failed');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
};
