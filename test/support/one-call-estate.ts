import type { MediaRecord } from '../../src/domain/media.ts';
import { mediaRecord } from './fake-ledger.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { FACE_SCAN, lipSyncOf } from './ledger-tasks.ts';
import { snapshotOf } from './snapshots.ts';

export const url = (name: string) => `https://example.com/${name}`;
export const FACE = { face: { faceId: 'scan-1:0' } };
export const AUDIO_URL = { audio: { url: url('s.mp3') } };
export const whole = (audioStartMs: number, audioEndMs: number, insertAtMs: number) => ({
  placement: { audioStartMs, audioEndMs, insertAtMs },
});

/** Returns what reports the end of an upload. */
export function finish(mediaId: string, change: Partial<MediaRecord>): (parts: LedgerParts) => void {
  return ({ deps, clock }) => {
    deps.media.update({ ...deps.media.find(mediaId)!, facts: null, ...change }, 0);
    deps.wakes.wakeWaitingFor(mediaId, clock.nowMs);
  };
}

export const SOUND = {
  extension: 'wav',
  durationMs: 4_000,
  width: null,
  height: null,
  codecs: [],
  hasAudio: true,
} as const;
export const CLIP = mediaRecord('').facts;
export const PROBLEM = { path: ['source'], code: 'TOO_SHORT', message: 'the video is too short' } as const;

/** Returns what ends another lip-sync. */
export function endOther(externalId: string, status: 'SUCCEEDED' | 'FAILED'): (parts: LedgerParts) => void {
  return ({ journal, tasks }) => {
    const { id } = tasks.find({ externalId })!.record;
    const video = { videoId: 'made-now', url: url('v.mp4'), watermarkUrl: null, durationMs: 8_000 };
    const videos = status === 'SUCCEEDED' ? [video] : [];
    journal.apply(id, { type: 'SNAPSHOT', snapshot: { ...lipSyncOf(snapshotOf(status), false), videos } });
  };
}

/** The ledger has a scan, a speech, a cloned voice, five files, three lip-syncs and a voice task. 0.55 units are pending. */
export async function fill({ deps, creator, journal, settle }: LedgerParts): Promise<void> {
  deps.assets.keepFaceScan({ ...FACE_SCAN, video: { url: url('scanned.mp4') } });
  const asked = { text: 'Hello', voiceId: 'v', language: 'en', speed: 1 } as const;
  const rest = { klingTaskId: null, unitsDeducted: null, createdAtMs: 0, klingRequestId: null };
  deps.assets.keepSpeech({ audioId: 'audio-1', url: null, durationMs: 4_000, ...asked, ...rest }, deps.now());
  deps.assets.keepVoice({ voiceId: 'cloned-1', name: 'Ann', trialUrl: null, owner: 'ACCOUNT', ownerId: null });
  const open = { status: 'UPLOADING', facts: null } as const;
  for (const file of [
    mediaRecord('video'),
    mediaRecord('video-open', open),
    mediaRecord('video-bad', { status: 'REJECTED', facts: null, problems: [PROBLEM] }),
    mediaRecord('audio', { kind: 'AUDIO', facts: SOUND }),
    mediaRecord('audio-open', { kind: 'AUDIO', ...open }),
  ]) {
    deps.media.insert(file, 0, null);
  }
  const made = { ...FACE, ...AUDIO_URL, ...whole(0, 3_000, 0), videoDurationMs: 5_000 };
  for (const externalId of ['running', 'succeeded', 'failed']) {
    await creator.createLipSyncTask({ ...made, externalId });
  }
  for (const [externalId, status] of [
    ['succeeded', 'SUCCEEDED'],
    ['failed', 'FAILED'],
  ] as const) {
    const { id } = deps.tasks.find({ externalId })!.record;
    const snapshot = lipSyncOf(snapshotOf(status, { unitsDeducted: '0' }), status === 'SUCCEEDED');
    journal.apply(id, { type: 'SNAPSHOT', snapshot });
  }
  await creator.createVoiceTask({ name: 'Ann', sample: { url: url('a.mp3') }, externalId: 'voice' });
  await settle();
}
