import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Wrangler refuses to build a Worker whose folder of static files is missing. For the script alone, an empty one will do. */
export function ensureAssetsFolder(root = join(import.meta.dirname, '../..')): void {
  mkdirSync(join(root, 'dist/assets'), { recursive: true });
}
