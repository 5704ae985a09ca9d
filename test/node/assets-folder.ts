import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Creates an empty folder of static files if it is missing, because Wrangler refuses to build without it. */
export function ensureAssetsFolder(root = join(import.meta.dirname, '../..')): void {
  mkdirSync(join(root, 'dist/assets'), { recursive: true });
}
