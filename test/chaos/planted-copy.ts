import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPatch, type Plant } from './plants.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The sources of the gateway in a chaos run. */
const PARTS = ['src', 'test/chaos', 'test/support', 'wrangler.toml', 'tsconfig.json', 'package.json'] as const;

/** Copies the sources and plants a fault. The copy is deleted when the process ends. Throws if the fault does not apply. */
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
