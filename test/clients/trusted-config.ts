import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The manifest, as src/config/index.ts imports it. An alias that matches no import would have no effect. */
const IMPORTED = '../trusted-documents.json';

/** Writes the product's configuration with another manifest of trusted documents, and returns its path. */
export function configWithManifest(manifestPath: string): string {
  const product = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  // Paths are relative to the folder of the file.
  const config = product.replaceAll(/"(?:\.\/)?((?:src|dist)\/[^"]+)"/g, (_, path: string) =>
    JSON.stringify(join(root, path)),
  );
  if (!readFileSync(join(root, 'src/config/index.ts'), 'utf8').includes(`'${IMPORTED}'`))
    throw new Error(`src/config/index.ts does not import ${IMPORTED}`);
  const alias = `[alias]\n"${IMPORTED}" = ${JSON.stringify(manifestPath)}\n`;
  const path = join(mkdtempSync(join(tmpdir(), 'trusted-')), 'wrangler.toml');
  writeFileSync(path, `${config}\n${alias}`);
  return path;
}
