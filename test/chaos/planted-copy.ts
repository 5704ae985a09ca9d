import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPatch, type Plant } from './plants.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What the gateway of a chaos run is built from. */
const PARTS = ['src', 'test/chaos', 'test/support', 'wrangler.toml', 'tsconfig.json', 'package.json'] as const;

/** A copy of the sources with a fault in them. It goes when the process ends. Throws where the fault cannot be planted. */
export function copyWithPlant({ patches }: Plant): string {
  const copy = mkdtempSync(join(tmpdir(), 'kling-planted-'));
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
  for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const patch of patches) {
    const path = join(copy, patch.file);
    writeFileSync(path, applyPatch(readFileSync(path, 'utf8'), patch));
  }
  return copy;
}
