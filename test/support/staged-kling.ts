import type { Face } from '../../src/domain/records.ts';
import type { KlingClient } from '../../src/kling/client.ts';
import { klingError } from './ledger-parts.ts';
import { lipSyncOf } from './ledger-tasks.ts';
import { snapshotOf } from './snapshots.ts';

/** A Kling for lip-syncs that are prepared. Faces and lengths follow from words in URLs and texts. */
export interface StagedKling {
  readonly client: Partial<KlingClient>;
  /** The calls that may be charged, in order. */
  readonly calls: readonly ('SCAN' | 'SPEAK' | 'SYNC')[];
  /** Called before each of these calls. May throw, as Kling refuses, or wait. */
  onCall: (call: 'SCAN' | 'SPEAK' | 'SYNC') => Promise<void> | void;
}

function face(faceId: string, startMs: number, endMs: number): Face {
  return { faceId, imageUrl: null, startMs, endMs };
}

/** The faces that Kling finds by a word in the URL of a video. */
const FACES: readonly (readonly [word: string, faces: readonly Face[]])[] = [
  ['nobody', []],
  ['glimpses', [face('0', 0, 1_999), face('1', 5_000, 6_000)]],
];

/** The second is seen longest. */
const TWO_FACES = [face('0', 1_000, 4_000), face('1', 500, 9_000)];

/** A speech lasts 5 s, or 1.5 s for a text with "Hi". */
export function stagedKling(): StagedKling {
  const calls: ('SCAN' | 'SPEAK' | 'SYNC')[] = [];
  const made = new Set<string>();
  let count = 0;
  async function begin(call: 'SCAN' | 'SPEAK' | 'SYNC'): Promise<number> {
    calls.push(call);
    await kling.onCall(call);
    return (count += 1);
  }
  const kling: StagedKling & { onCall: StagedKling['onCall'] } = {
    calls,
    onCall: () => {},
    client: {
      async identifyFaces({ video }) {
        const n = await begin('SCAN');
        const name = video.url ?? video.videoId ?? '';
        const faces = FACES.find(([word]) => name.includes(word))?.[1] ?? TWO_FACES;
        return { sessionId: `session of call ${n}`, faces, unitsDeducted: '0.05', klingRequestId: null };
      },
      async synthesizeSpeech({ text }) {
        const n = await begin('SPEAK');
        const durationMs = text.includes('Hi') ? 1_500 : 5_000;
        const rest = { url: null, klingTaskId: null, createdAtMs: null, klingRequestId: null };
        return { audioId: `audio of call ${n}`, durationMs, unitsDeducted: '0.05', ...rest };
      },
      async createLipSyncTask(_request, { externalTaskId }) {
        await begin('SYNC');
        const klingTaskId = `kling-${externalTaskId}`;
        made.add(klingTaskId).add(externalTaskId ?? '');
        return lipSyncOf(snapshotOf('SUBMITTED', { klingTaskId }), false);
      },
      async readLipSyncTask(id) {
        if (!made.has(id)) throw klingError('REFUSED', 'NOT_FOUND', 1203);
        return lipSyncOf(snapshotOf('SUBMITTED', { klingTaskId: `kling-${id.replace('kling-', '')}` }), false);
      },
      listLipSyncTasks: async () => ({ items: [], klingRequestId: null }),
    },
  };
  return kling;
}
