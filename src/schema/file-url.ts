import type { GatewayContext } from '../context.ts';
import type { StoredFile } from '../domain/media.ts';

const HOUR_MS = 3_600_000;
const VALID_MS = 24 * HOUR_MS;

/**
 * Returns a URL of a file of the bucket; null without a file, or if the gateway serves no files. The URL is valid for 24 to
 * 25 hours. It is the same for all reads of an hour, so that clients can cache the file.
 */
export function fileUrlOf(
  file: StoredFile | null | undefined,
  { files, viewer, now }: Pick<GatewayContext, 'files' | 'viewer' | 'now'>,
): Promise<string> | null {
  if (file === null || file === undefined || files === null) return null;
  const { tenant } = viewer;
  const expiresAtMs = Math.ceil(now() / HOUR_MS) * HOUR_MS + VALID_MS;
  return files.fileUrl({ id: file.id, extension: file.extension, tenant, expiresAtMs });
}
