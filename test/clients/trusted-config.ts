import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Writes the product's configuration with another manifest of trusted documents, and returns its path. */
export function configWithManifest(manifestPath: string): string {
  const product = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  // Paths are relative to the folder of the file.
  const config = product.replaceAll(/"(?:\.\/)?((?:src|dist)\/[^"]+)"/g, (_, path: string) =>
    JSON.stringify(join(root, path)),
  );
  const alias = `[alias]\n"./trusted-documents.json" = ${JSON.stringify(manifestPath)}\n`;
  const path = join(mkdtempSync(join(tmpdir(), 'trusted-')), 'wrangler.toml');
  writeFileSync(path, `${config}\n${alias}`);
  return path;
}
