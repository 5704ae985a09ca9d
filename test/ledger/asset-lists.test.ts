import { describe, it } from 'vitest';
import type { Slice } from '../../src/domain/cursor.ts';
import { GatewayError } from '../../src/errors.ts';
import { type LedgerParts, type PartsOptions, withParts } from '../support/ledger-parts.ts';
import { FACE_SCAN } from '../support/ledger-tasks.ts';

const kling: PartsOptions['kling'] = {
  identifyFaces: async () => ({ sessionId: 's', faces: [], unitsDeducted: null, klingRequestId: null }),
};
const idsOf = ({ edges }: Slice<{ readonly id: string }>) => edges.map(({ node }) => node.id);

/** Scans a video, and returns the id of the scan. The clock stands still, so all scans are made at one instant. */
async function scan({ paidCalls }: LedgerParts, video: { url: string } | { videoId: string }): Promise<string> {
  return (await paidCalls.identifyFaces({ video }, null)).id;
}

async function scans(parts: LedgerParts, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) ids.push(await scan(parts, { url: `https://example.com/${i}.mp4` }));
  return ids;
}

describe('the list of face scans', () => {
  it('shows the newest first, in pages that stay the same while scans are added', async ({ expect }) => {
    await withParts('scans', { kling }, async (parts) => {
      const { queries } = parts;
      const ids = (await scans(parts, 5)).toReversed();
      const first = queries.faceScans({ first: 2, after: null });
      const added = await scan(parts, { url: 'https://example.com/added.mp4' });
      const second = queries.faceScans({ first: 2, after: first.edges[1]!.cursor });
      const third = queries.faceScans({ first: 2, after: second.edges[1]!.cursor });
      expect([idsOf(first), idsOf(second), idsOf(third)]).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
      expect([first, second, third].map(({ hasNextPage }) => hasNextPage)).toEqual([true, true, false]);
      expect(idsOf(queries.faceScans({ first: 1, after: null }))).toEqual([added]);
    });
  });

  it('shows the video of each scan as the caller named it', async ({ expect }) => {
    await withParts('videos of scans', { kling }, async (parts) => {
      await scan(parts, { url: 'https://EXAMPLE.com/v.mp4' });
      await scan(parts, { videoId: '42' });
      const videos = parts.queries.faceScans({ first: 10, after: null }).edges.map(({ node }) => node.video);
      expect(videos).toEqual([{ videoId: '42' }, { url: 'https://example.com/v.mp4' }]);
    });
  });

  it('gives no place again after a deletion, so an old cursor shows no newer scan', async ({ expect }) => {
    await withParts('places of scans', { kling }, async (parts, storage) => {
      await scans(parts, 3);
      const { cursor } = parts.queries.faceScans({ first: 1, after: null }).edges[0]!;
      storage.sql.exec('DELETE FROM face_scan');
      parts.clock.nowMs += 10;
      await scans(parts, 3);
      expect(idsOf(parts.queries.faceScans({ first: 10, after: cursor }))).toEqual([]);
    });
  });

  it('keeps its order when the clock goes back', async ({ expect }) => {
    await withParts('clock of scans', { kling }, async (parts) => {
      const [first] = await scans(parts, 1);
      parts.clock.nowMs -= 60_000;
      const [second] = await scans(parts, 1);
      expect(idsOf(parts.queries.faceScans({ first: 10, after: null }))).toEqual([second, first]);
    });
  });

  it('refuses a cursor of another list', async ({ expect }) => {
    await withParts('cursors of scans', {}, async ({ deps, queries }) => {
      deps.assets.keepVoice({ voiceId: 'v', name: 'Ann', trialUrl: null, owner: 'ACCOUNT', ownerId: null });
      deps.assets.keepFaceScan(FACE_SCAN);
      const { cursor } = queries.voices({ first: 1, after: null }).edges[0]!;
      expect(() => queries.faceScans({ first: 1, after: cursor })).toThrow(GatewayError);
    });
  });
});
