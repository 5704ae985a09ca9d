import type { AccountContext, Call } from '../account-context.ts';
import { invalid } from '../codes.ts';
import { isRecord } from '../settings.ts';
import type { Face, Session } from '../store/thing-store.ts';
import { readCallbackUrl, readNumber, readRequiredMs, readRequiredText, readText, readWatermark } from '../endpoints/fields.ts';
import { checkSoundLength, readSound } from './sounds.ts';

/** A lip-sync task that may be made. */
export interface LipSyncInput {
  readonly session: Session;
  readonly watermark: boolean;
  readonly externalTaskId: string | null;
  readonly callbackUrl: string | null;
}

/** How long a session is good for. */
export const sessionLifeMs = 24 * 3600 * 1000;
const croppedMinMs = 2000;
const overlapMinMs = 2000;

/** Checks everything the lip-sync page asks for. */
export function validateLipSync({ body, now }: Call, account: AccountContext): LipSyncInput {
  const sessionId = readRequiredText(body, 'session_id');
  const externalTaskId = readText(body, 'external_task_id');
  const callbackUrl = readCallbackUrl(body);
  const watermark = readWatermark(body);
  const choice = readChoice(body['face_choose']);
  const session = account.things.get('session', sessionId);
  if (session === null) throw invalid(`Session id not found: ${sessionId}`);
  if (now - session.createdAt > sessionLifeMs) throw invalid(`Session ${sessionId} has expired`);
  const faceId = readRequiredText(choice, 'face_id');
  const face = session.data.faces.find((known) => known.faceId === faceId);
  if (face === undefined) throw invalid(`Face id not found: ${faceId}`);
  const soundMs = checkSoundLength(readSound(choice, account, now));
  checkPlacement(choice, soundMs, session.data, face);
  readNumber(choice, 'sound_volume', 0, 2, 1);
  readNumber(choice, 'original_audio_volume', 0, 2, 1);
  return { session: session.data, watermark, externalTaskId, callbackUrl };
}

function readChoice(value: unknown): Record<string, unknown> {
  if (!Array.isArray(value)) throw invalid('input.faceChoose: must be an array');
  if (value.length !== 1) throw invalid('input.faceChoose: only supports one person lip-sync, size must be 1');
  const choice: unknown = value[0];
  if (!isRecord(choice)) throw invalid('input.faceChoose[0]: must be an object');
  return choice;
}

function checkPlacement(choice: Record<string, unknown>, soundMs: number, { video }: Session, face: Face): void {
  const startMs = readRequiredMs(choice, 'sound_start_time');
  const endMs = readRequiredMs(choice, 'sound_end_time');
  const insertMs = readRequiredMs(choice, 'sound_insert_time');
  const croppedMs = endMs - startMs;
  if (endMs > soundMs) {
    throw invalid(`input.soundEndTime: must not be later than the total duration of the sound (${soundMs}ms)`);
  }
  if (croppedMs < croppedMinMs) throw invalid('input.soundEndTime: the cropped sound must not be shorter than 2s');
  if (insertMs + croppedMs > video.durationMs) {
    throw invalid(`input.soundInsertTime: the sound must not end later than the video (${video.durationMs}ms)`);
  }
  const overlapMs = Math.min(insertMs + croppedMs, face.endMs) - Math.max(insertMs, face.startMs);
  if (overlapMs < overlapMinMs) {
    throw invalid('input.soundInsertTime: the sound must overlap with the face for at least 2s');
  }
}
