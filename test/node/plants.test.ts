import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { applyPatch, PLANTS } from '../chaos/plants.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the faults that a chaos run can be given', () => {
  it.for([...PLANTS])('plant %i applies to the sources as they are', ([, { patches }], { expect }) => {
    for (const patch of patches) {
      const source = readFileSync(join(ROOT, patch.file), 'utf8');
      expect(applyPatch(source, patch)).not.toBe(source);
    }
  });

  it('a patch is refused unless its text is there exactly once', ({ expect }) => {
    const patch = { file: 'a.ts', find: 'b', replace: 'c' };
    expect(applyPatch('abd', patch)).toBe('acd');
    expect(() => applyPatch('ad', patch)).toThrow('a.ts has 0 times, not once: b');
    expect(() => applyPatch('abb', patch)).toThrow('a.ts has 2 times, not once: b');
  });
});
