import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

describe('the npm scripts', () => {
  it('number at most 14, each in one readable line', ({ expect }) => {
    expect(Object.keys(scripts).length).toBeLessThanOrEqual(14);
    expect(Object.entries(scripts).filter(([, command]) => command.length > 110)).toEqual([]);
  });

  it.for([
    ['src/scripts/generate.ts', 'types, schema, relay, readme'],
    ['test/bench/run.ts', 'attacks, fanout'],
  ] as const)('%s lists its parts and fails if it gets an unknown one', ([file, parts], { expect }) => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, file), 'nonsense'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('There is no nonsense to');
    expect(stderr).toContain(parts);
  });
});
