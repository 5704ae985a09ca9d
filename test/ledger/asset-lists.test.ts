import { describe, it } from 'vitest';
import type { Slice } from '../../src/domain/list.ts';
import { GatewayError } from '../../src/errors.ts';
import { type LedgerParts, type PartsOptions, withParts } from '../support/ledger-parts.ts';
import { FACE_SCAN } from '../support/ledger-tasks.ts';

const kling: PartsOptions['kling'] = {
  identifyFaces: async () => ({ sessionId: 's', faces: [], unitsDeducted: null, klingRequestId: null }),
};
const speaking: PartsOptions['kling'] = {
  synthesizeSpeech: async () => ({
    audioId: crypto.randomUUID(),
    url: 'https://example.com/a.mp3',
    durationMs: 3000,
    klingTaskId: null,
    unitsDeducted: null,
    createdAtMs: null,
    klingRequestId: null,
  }),
};
const HELLO = { text: 'Hello', klingVoiceId: 'v', language: 'en' } as const;
const idsOf = ({ edges }: Slice<{ readonly id: string }>) => edges.map(({ node }) => node.id);

/** Scans a video, and returns the id of the scan. The clock stands still, so all scans are made at one instant. */
async function scan({ paidCalls }: LedgerParts, video: { url: string } | { klingVideoId: string }): Promise<string> {
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
      await scan(parts, { klingVideoId: '42' });
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

  it('shows a scan whose answer fills most of a row, which holds 2 MB on the platform', async ({ expect }) => {
    const faces = [{ faceId: '0', imageUrl: `data:image/png;base64,${'A'.repeat(1_500_000)}`, startMs: 0, endMs: 1 }];
    const large = async () => ({ sessionId: 's', faces, unitsDeducted: null, klingRequestId: null });
    let isReachable = false;
    const claim = async () => {
      if (!isReachable) throw new Error('the account is unreachable');
    };
    const options = { kling: { identifyFaces: large }, owners: { claim } };
    await withParts('large scans', options, async (parts, { sql }) => {
      await expect(scan(parts, { url: 'https://example.com/v.mp4' })).rejects.toThrow(/made and paid for/);
      const held = 'SELECT length(answer) + coalesce(length(asset), 0) AS chars FROM paid_call';
      expect(sql.exec<{ chars: number }>(held).one().chars).toBeLessThan(2_000_000);
      isReachable = true;
      sql.exec('UPDATE paid_call SET wake_at = 1');
      await parts.paidCalls.claimDue();
      expect(parts.queries.faceScans({ first: 10, after: null }).edges).toMatchObject([{ node: { faces } }]);
    });
  });

  it('names the newest of the scans that share a session', async ({ expect }) => {
    await withParts('sessions of scans', { kling }, async (parts) => {
      const ids: string[] = [];
      for (let i = 0; i < 8; i += 1) {
        ids.push(await scan(parts, { url: 'https://example.com/v.mp4' }));
        expect(parts.deps.assets.scanOfSession('s')?.id).toBe(ids.at(-1));
      }
      expect(parts.deps.assets.scanOfSession('t')).toBeNull();
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

describe('the list of speeches', () => {
  it('shows the newest first, with the request of each, in pages that stay the same', async ({ expect }) => {
    await withParts('speeches', { kling: speaking }, async ({ paidCalls, queries, clock }) => {
      const made = [];
      for (const text of ['one', ' two ', 'three'])
        made.unshift(await paidCalls.synthesizeSpeech({ speech: { ...HELLO, text } }, null));
      const first = queries.speeches({ first: 2, after: null });
      await paidCalls.synthesizeSpeech({ speech: { text: '四', klingVoiceId: 'w', language: 'zh', speed: 1.5 } }, null);
      const second = queries.speeches({ first: 2, after: first.edges[1]!.cursor });
      expect([...first.edges, ...second.edges].map(({ node }) => node)).toEqual(made);
      expect([first.hasNextPage, second.hasNextPage]).toEqual([true, false]);
      expect(made.map(({ text, speed, createdAtMs }) => [text, speed, createdAtMs])).toEqual(
        ['three', ' two ', 'one'].map((text) => [text, 1, clock.nowMs]),
      );
      expect(queries.speeches({ first: 1, after: null }).edges[0]?.node).toMatchObject({
        text: '四',
        voiceId: 'w',
        language: 'zh',
        speed: 1.5,
      });
    });
  });

  it('gives no place again after a deletion, so an old cursor shows no newer speech', async ({ expect }) => {
    await withParts('places of speeches', { kling: speaking }, async ({ paidCalls, queries, clock }, { sql }) => {
      for (let i = 0; i < 3; i += 1) await paidCalls.synthesizeSpeech({ speech: HELLO }, null);
      const { cursor } = queries.speeches({ first: 1, after: null }).edges[0]!;
      sql.exec('DELETE FROM speech');
      clock.nowMs += 10;
      for (let i = 0; i < 3; i += 1) await paidCalls.synthesizeSpeech({ speech: HELLO }, null);
      expect(queries.speeches({ first: 10, after: cursor }).edges).toEqual([]);
    });
  });

  it('refuses a cursor of the list of face scans', async ({ expect }) => {
    await withParts('cursors of speeches', {}, async ({ deps, queries }) => {
      deps.assets.keepFaceScan(FACE_SCAN);
      const { cursor } = queries.faceScans({ first: 1, after: null }).edges[0]!;
      expect(() => queries.speeches({ first: 1, after: cursor })).toThrow(GatewayError);
    });
  });

  it('shows a speech once if its key is repeated while its audio is claimed', async ({ expect }) => {
    let claim = Promise.withResolvers<void>();
    const owners = { claim: () => claim.promise };
    await withParts('claimed speeches', { kling: speaking, owners }, async ({ paidCalls, queries }) => {
      const lost = paidCalls.synthesizeSpeech({ speech: HELLO }, 'key').catch((error: unknown) => error);
      claim.reject(new Error('unreachable'));
      expect(await lost).toBeInstanceOf(GatewayError);
      claim = Promise.withResolvers<void>();
      const repeats = [1, 2].map(() => paidCalls.synthesizeSpeech({ speech: HELLO }, 'key'));
      claim.resolve();
      const [one, two] = await Promise.all(repeats);
      expect(two).toEqual(one);
      expect(queries.speeches({ first: 10, after: null }).edges.map(({ node }) => node)).toEqual([one]);
    });
  });

  it('shows the external id of a speech and of a scan, and null without one', async ({ expect }) => {
    await withParts(
      'external ids',
      {
        kling: {
          ...speaking,
          identifyFaces: async () => ({ sessionId: 's', faces: [], unitsDeducted: null, klingRequestId: null }),
        },
      },
      async ({ paidCalls, queries }) => {
        const window = { first: 10, after: null };
        const video = { url: 'https://example.com/v.mp4' };
        for (const id of ['first', null]) {
          const said = await paidCalls.synthesizeSpeech({ speech: HELLO }, id && `${id}-speech`);
          const found = await paidCalls.identifyFaces({ video }, id && `${id}-scan`);
          expect(queries.speeches(window).edges[0]?.node).toEqual(said);
          expect(queries.faceScans(window).edges[0]?.node).toEqual(found);
          expect([said.externalId, found.externalId]).toEqual(id ? ['first-speech', 'first-scan'] : [null, null]);
        }
      },
    );
  });

  it('leaves out a speech of version 0.1, whose text was not kept, until its key is repeated before it was shown', async ({
    expect,
  }) => {
    await withParts('old speeches', { kling: speaking }, async ({ paidCalls, queries, deps }, { sql }) => {
      const listed = () => queries.speeches({ first: 10, after: null }).edges.map(({ node }) => node);
      const { audioId } = await paidCalls.synthesizeSpeech({ speech: HELLO }, 'key');
      const old = JSON.stringify({ audioId, url: 'https://example.com/a.mp3', durationMs: 3000, createdAtMs: 5 });
      sql.exec('UPDATE speech SET speech = ?, seq = NULL', old);
      sql.exec(`UPDATE paid_call SET answer = ?, state = 'HELD'`, old);
      expect([listed(), deps.assets.speech(audioId), deps.assets.speechDurationMs(audioId)]).toEqual([[], null, 3000]);
      const again = await paidCalls.synthesizeSpeech({ speech: HELLO }, 'key');
      expect(again).toMatchObject({ audioId, createdAtMs: 5, text: 'Hello' });
      expect([listed(), deps.assets.speech(audioId)]).toEqual([[again], again]);
    });
  });
});
