import { open } from 'node:fs/promises';
import { describe, it } from 'vitest';
import type { MediaFacts } from '../../src/domain/media.ts';
import { inspectFile, READ_BYTES_MAX, READS_MAX } from '../../src/media/inspect.ts';
import { MEDIA_FILES } from './media-files.ts';

function shortly(facts: MediaFacts | null): string | null {
  if (facts === null) return null;
  const picture = facts.width === null ? [] : [`${facts.width}x${facts.height}`];
  return [facts.durationMs, ...picture, ...facts.codecs].join(' ');
}

describe('inspectFile', () => {
  it.for(MEDIA_FILES)('judges $kind $name', async (file, { expect }) => {
    const handle = await open(await file.path());
    try {
      const { size } = await handle.stat();
      const reads: number[] = [];
      const read = async (start: number, end: number) => {
        reads.push(end - start);
        const { buffer } = await handle.read(new Uint8Array(end - start), 0, end - start, start);
        return buffer;
      };
      const { facts, problems } = await inspectFile({ bytes: size, read }, file.kind);
      expect({ codes: problems.map(({ code }) => code), facts: shortly(facts) }).toEqual({
        codes: file.codes,
        facts: file.facts,
      });
      expect(problems.every(({ message }) => message.length < 200)).toBe(true);
      expect(reads.length).toBeLessThanOrEqual(file.kind === 'AUDIO' ? 1 : READS_MAX);
      expect(reads.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(READ_BYTES_MAX);
    } finally {
      await handle.close();
    }
  });

  it('has judged at least 60 files', ({ expect }) => {
    expect(MEDIA_FILES.length).toBeGreaterThanOrEqual(60);
  });
});
