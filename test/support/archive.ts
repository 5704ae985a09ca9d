import { fileKey } from '../../src/auth/signed-token.ts';
import type { Archive } from '../../src/domain/records.ts';
import type { GeneratedVideo, LipSyncSnapshot } from '../../src/domain/task.ts';
import type { CopyFile, CopyOrder, CopyOutcome } from '../../src/ledger/archive.ts';
import { env } from './ledger.ts';
import { type LedgerParts, type PartsOptions, withParts } from './ledger-parts.ts';
import { createLipSyncOnce, createVoiceOnce, lipSyncOf } from './ledger-tasks.ts';
import { snapshotOf } from './snapshots.ts';

/** A result with a watermarked copy. */
export const VIDEO = { videoId: 'v', url: 'https://k/v.mp4', watermarkUrl: 'https://k/w.mp4', durationMs: 5000 };
/** A result of a voice task. */
export const VOICE = {
  voiceId: 'voice-1',
  name: 'Ann',
  trialUrl: 'https://k/s.mp3',
  owner: 'ACCOUNT',
  ownerId: null,
} as const;
const SCAN = { sessionId: 's', unitsDeducted: '0.05', klingRequestId: null };
const FACES = ['https://k/0.png', null, 'https://k/2.png'].map((imageUrl, i) => ({
  faceId: `${i}`,
  imageUrl,
  startMs: 0,
  endMs: 9000,
}));

/** A Kling that accepts every create. */
export const KLING: NonNullable<PartsOptions['kling']> = {
  createLipSyncTask: async () => lipSyncOf(snapshotOf('SUBMITTED'), false),
  createVoiceTask: async () => snapshotOf('SUBMITTED'),
  identifyFaces: async () => ({ ...SCAN, faces: FACES }),
  deleteVoice: async () => ({ klingTaskId: null, klingStatus: null, klingRequestId: null }),
};

export function success(...videos: readonly GeneratedVideo[]): LipSyncSnapshot {
  return { ...lipSyncOf(snapshotOf('SUCCEEDED'), false), videos };
}

/** A source that stores 100 bytes for each file, in the real bucket. */
export interface Copier {
  readonly copy: CopyFile;
  readonly orders: CopyOrder[];
  /** The most copies at once. */
  most: number;
}

export function copier(outcomeOf: (order: CopyOrder, nth: number) => CopyOutcome | null = () => null): Copier {
  let running = 0;
  const state: Copier = {
    orders: [],
    most: 0,
    async copy(order) {
      state.orders.push(order);
      running += 1;
      state.most = Math.max(state.most, running);
      await Promise.resolve();
      const failed = outcomeOf(order, state.orders.length);
      const hasRoom = order.reserve(100) >= 100;
      if (failed === null && hasRoom) await env.MEDIA.put(order.key, new Uint8Array(100));
      running -= 1;
      if (!hasRoom) return { ok: false, reason: 'no room', isFinal: false, isFull: true };
      return failed ?? { ok: true, bytes: 100, extension: order.kind === 'IMAGE' ? 'png' : 'mp4' };
    },
  };
  return state;
}

export async function finishLipSync(parts: LedgerParts, ...videos: readonly GeneratedVideo[]): Promise<string> {
  const { id } = await createLipSyncOnce(parts);
  parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: success(...(videos.length === 0 ? [VIDEO] : videos)) });
  return id;
}

export async function finishVoice(parts: LedgerParts): Promise<string> {
  const { id } = await createVoiceOnce(parts);
  parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: snapshotOf('SUCCEEDED', { voices: [VOICE] }) });
  return id;
}

/** Runs the alarm at its instants until `endMs`. */
export async function ringUntil(parts: LedgerParts, endMs: number): Promise<void> {
  for (let rings = 0; rings < 500; rings += 1) {
    const atMs = parts.alarmHandler.nextAtMs();
    if (atMs === null || atMs > endMs) return;
    parts.clock.nowMs = Math.max(parts.clock.nowMs, atMs);
    await parts.alarmHandler.run();
    await parts.settle();
  }
  throw new Error('the alarm rang more than 500 times');
}

export function archiveOf(parts: LedgerParts, id: string): Archive | undefined {
  return parts.tasks.find({ id })?.record.details?.archive;
}

export const isStored = async (id: string): Promise<boolean> => (await env.MEDIA.head(fileKey('t', id))) !== null;

/** Runs a test on a ledger whose Kling and source are scripted. */
export function withArchive(
  name: string,
  options: PartsOptions & { readonly copy: CopyFile },
  work: (parts: LedgerParts, storage: DurableObjectStorage) => Promise<void>,
): Promise<void> {
  return withParts(`archive ${name}`, { kling: KLING, bucket: env.MEDIA, ...options }, work);
}
