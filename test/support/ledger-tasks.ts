import type { LipSyncSnapshot, TaskSnapshot } from '../../src/domain/task.ts';
import type { FaceScan, LipSyncTask, VoiceTask } from '../../src/domain/records.ts';
import { DAY_MS, type LedgerParts } from './ledger-parts.ts';

/** The rank of each status. It is not imported, so that a mistake in the source is found. */
export const RANK = {
  PREPARING: -1,
  QUEUED: 0,
  SUBMITTED: 1,
  PROCESSING: 2,
  UNRECOGNIZED: 2,
  SUCCEEDED: 3,
  FAILED: 3,
  CANCELLED: 3,
} as const;

export function createVoiceOnce({ creator }: LedgerParts, externalId: string | null = null): Promise<VoiceTask> {
  return creator.createVoiceTask({ name: 'Ann', sample: { url: 'https://example.com/a.mp3' }, externalId });
}

/** Creates a lip-sync on a face of a scan that it stores first. */
export function createLipSyncOnce({ creator, deps, clock }: LedgerParts): Promise<LipSyncTask> {
  deps.assets.keepFaceScan({
    id: 'scan',
    sessionId: 's',
    faces: [{ faceId: '0', imageUrl: null, startMs: 0, endMs: 10_000 }],
    unitsDeducted: null,
    createdAtMs: clock.nowMs,
    expiresAtMs: clock.nowMs + 60_000,
    klingRequestId: null,
  });
  return creator.createLipSyncTask({
    face: { faceId: 'scan:0' },
    audio: { url: 'https://example.com/sound.mp3' },
    placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
  });
}

/** Returns Kling's report of a lip-sync: `snapshot` with or without a video. */
export function lipSyncOf(snapshot: TaskSnapshot, hasVideo: boolean): LipSyncSnapshot {
  const video = { videoId: 'v', url: 'https://example.com/v.mp4', watermarkUrl: null, durationMs: 5000 };
  return { ...snapshot, parentVideo: null, videos: hasVideo ? [video] : [], watermarkEnabled: null };
}

/** A scan with one face, made at the start time of the clock of `createParts`. */
export const FACE_SCAN: FaceScan = {
  id: 'scan-1',
  sessionId: 'session-1',
  faces: [{ faceId: '0', imageUrl: null, startMs: 0, endMs: 10_000 }],
  unitsDeducted: '0.05',
  createdAtMs: 1_790_000_000_000,
  expiresAtMs: 1_790_000_000_000 + DAY_MS,
  klingRequestId: null,
};
