import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { applyPatch, PLANTS } from '../chaos/plants.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the planted faults of a chaos run', () => {
  it.for([...PLANTS])('plant %i applies to the current sources', ([, { patches }], { expect }) => {
    for (const patch of patches) {
      const source = readFileSync(join(ROOT, patch.file), 'utf8');
      expect(applyPatch(source, patch)).not.toBe(source);
    }
  });

  it('a patch is refused if its text does not occur exactly once', ({ expect }) => {
    const patch = { file: 'a.ts', find: 'b', replace: 'c' };
    expect(applyPatch('abd', patch)).toBe('acd');
    expect(() => applyPatch('ad', patch)).toThrow('a.ts has 0 times, not once: b');
    expect(() => applyPatch('abb', patch)).toThrow('a.ts has 2 times, not once: b');
  });
});
