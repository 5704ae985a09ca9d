import type { Upload } from 'tus-js-client';
import { atOwnOrigin } from './own-origin.ts';

/** The bytes of a request. R2 wants equal parts of at least 5 MiB. */
const CHUNK_BYTES = 5 * 1024 * 1024;

/** The waits before the attempts after a failed request. Then the upload is interrupted, and the user can resume it. */
const RETRY_WAITS_MS = [0, 1000, 3000, 5000];

/** How an attempt ended: the gateway has all bytes, no longer knows the upload, or could not be reached. */
export type UploadEnd = 'complete' | 'gone' | 'interrupted';

/** An upload that can be paused and resumed. */
export interface ResumableUpload {
  /** Starts, or resumes after the last byte that the gateway has. */
  start(): void;
  pause(): void;
}

interface Events {
  readonly onSent: (bytes: number) => void;
  readonly onEnd: (end: UploadEnd) => void;
}

/** Creates an upload of a file to its upload URL. The client is loaded now, because most visits upload nothing. */
export async function createResumableUpload(file: File, url: string, events: Events): Promise<ResumableUpload> {
  const tus = await import('tus-js-client');
  const upload: Upload = new tus.Upload(file, {
    uploadUrl: atOwnOrigin(url),
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_WAITS_MS,
    // The URL is a permission. It stays in memory.
    storeFingerprintForResuming: false,
    onProgress: events.onSent,
    onSuccess: () => events.onEnd('complete'),
    onError: (error) => {
      const status = 'originalResponse' in error ? (error.originalResponse?.getStatus() ?? 0) : 0;
      events.onEnd(GONE.has(status) ? 'gone' : 'interrupted');
    },
  });
  return {
    start: () => upload.start(),
    // Aborting fails only if the request is over already.
    pause: () => void upload.abort().catch(() => {}),
  };
}

/** The answers for an upload that is deleted or expired, and for a URL that is not valid. */
const GONE: ReadonlySet<number> = new Set([403, 404, 410]);
