import type { AccountContext, Call, Handler } from '../account-context.ts';
import { invalid } from '../envelope.ts';
import { createDigitsId } from '../random.ts';
import { scenarioWords, type ScenarioWord } from '../scenarios.ts';
import { readVideoHints } from '../media/hints.ts';
import { videoBytesMax } from '../media/source.ts';
import { isRecord } from '../settings.ts';
import type { Face, Session } from '../store/thing-store.ts';
import { charge, createTask, lipSyncPrice, planCourse, prices } from '../tasks/lifecycle.ts';
import type { ParentVideo } from '../tasks/task.ts';
import { fileUrl, renderCreated, toUnits } from '../tasks/wire.ts';
import {
  checkUrl,
  readCallbackUrl,
  readExactlyOne,
  readNumber,
  readRequiredMs,
  readRequiredText,
  readText,
  readWatermark,
} from './fields.ts';
import { checkAudioLength, findVideo, readAudio, readFile } from './sources.ts';

/** `POST /v1/videos/advanced-lip-sync`: creates a lip-sync. */
export const createLipSync: Handler = (call, account) => {
  const input = validateLipSync(call, account);
  const { video } = input.session;
  const words = new Set(
    scenarioWords.filter((word) => call.scenarios.words.has(word) || input.session.words.includes(word)),
  );
  const task = createTask(
    account,
    {
      kind: 'lip-sync',
      externalTaskId: input.externalTaskId,
      price: lipSyncPrice(video.durationMs),
      plan: {
        words: [...words],
        origin: call.origin,
        callbackUrl: input.callbackUrl,
        voice: null,
        video: { id: createDigitsId(), parent: video, watermark: input.watermark },
        ...planCourse(words, account.settings, call.now),
      },
    },
    call.now,
  );
  return { data: renderCreated(task), taskId: task.taskId };
};

/** The checked input of a lip-sync. */
interface LipSyncInput {
  readonly session: Session;
  readonly watermark: boolean;
  readonly externalTaskId: string | null;
  readonly callbackUrl: string | null;
}

/** A session expires this long after its scan. */
const sessionLifeMs = 24 * 3600 * 1000;
const croppedMinMs = 2000;
const overlapMinMs = 2000;

/** Checks everything that Kling's lip-sync page requires. */
function validateLipSync(call: Call, account: AccountContext): LipSyncInput {
  const { body, now } = call;
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
  const audioMs = checkAudioLength(readAudio(choice, call, account));
  checkPlacement(choice, audioMs, session.data, face);
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

function checkPlacement(choice: Record<string, unknown>, audioMs: number, { video }: Session, face: Face): void {
  const startMs = readRequiredMs(choice, 'sound_start_time');
  const endMs = readRequiredMs(choice, 'sound_end_time');
  const insertMs = readRequiredMs(choice, 'sound_insert_time');
  const croppedMs = endMs - startMs;
  if (endMs > audioMs) {
    throw invalid(`input.soundEndTime: must not be later than the total duration of the sound (${audioMs}ms)`);
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

/** Kling reports the end of a face too late by this much. */
const overstatementMs = 13;

/** Scenario words of a scanned video that its lip-syncs inherit: those about the course of a task and its callbacks. */
const inherited: ReadonlySet<ScenarioWord> = new Set([
  'risk-control',
  'no-human',
  'internal-failure',
  'slow-task',
  'never-ends',
  'unknown-status',
  'callback-dropped',
  'callback-duplicated',
  'callback-late',
  'callback-reordered',
  'callback-forged',
]);

/** `POST /v1/videos/identify-face`: scans a video for faces. */
export const identifyFace: Handler = (call, account) => {
  const video = validateFaceScan(call, account);
  const { words } = call.scenarios;
  if (words.has('no-face-error')) throw invalid('there is no human in the video');
  charge(account, prices.faceScan);
  const sessionId = createDigitsId();
  const faces = findFaces(call, video.durationMs);
  const createdAt = words.has('expired') ? call.now - sessionLifeMs - 1 : call.now;
  account.things.put('session', sessionId, createdAt, {
    video,
    faces,
    words: [...words].filter((word) => inherited.has(word)),
  });
  return {
    data: {
      session_id: sessionId,
      final_unit_deduction: toUnits(prices.faceScan),
      face_data: faces.map(({ faceId, startMs, endMs }, index) => ({
        face_id: faceId,
        face_image: fileUrl(call.origin, 'image', `${sessionId}-${faceId}-${index + 1}`, call.now),
        start_time: startMs,
        end_time: endMs,
      })),
    },
  };
};

function findFaces({ scenarios: { words } }: Call, durationMs: number): readonly Face[] {
  if (words.has('no-face')) return [];
  const first = words.has('face-zero') ? '0' : createDigitsId();
  if (!words.has('two-faces')) return [{ faceId: first, startMs: 0, endMs: durationMs + overstatementMs }];
  const half = Math.floor(durationMs / 2);
  return [
    { faceId: first, startMs: 0, endMs: half + overstatementMs },
    { faceId: createDigitsId(), startMs: half, endMs: durationMs + overstatementMs },
  ];
}

const extensions = ['mp4', 'mov'];
const durationMinMs = 2000;
const durationMaxMs = 60_000;
const sidePixelsMin = 512;
const sidePixelsMax = 2160;

/** The pictures that Kling names "720p or 1080p" (Kling docs, lip-sync page, 2026-09). */
const pictures = [
  [1280, 720],
  [1920, 1080],
] as const;

/**
 * Returns true if a picture shares a side with another, or has as many pixels. Kling names no widths, so portrait, square
 * and wide pictures count. Encoders round sides to multiples of 16.
 */
function isLike(sides: readonly number[], [long, short]: readonly [long: number, short: number]): boolean {
  const hasSide = sides.some((side) => Math.abs(side - long) <= 8 || Math.abs(side - short) <= 8);
  const pixels = sides.reduce((product, side) => product * side, 1);
  return hasSide || Math.abs(pixels / (long * short) - 1) <= 0.02;
}

/** Checks what Kling's lip-sync page requires of a video that is scanned for faces. */
function validateFaceScan(call: Call, account: AccountContext): ParentVideo {
  const { body, now, origin } = call;
  const given = readExactlyOne(body, 'video_url', 'video_id');
  if (given.field === 'video_id') {
    const { durationMs } = findVideo(account, given.value, now);
    checkDuration(durationMs);
    return { id: given.value, url: fileUrl(origin, 'video', given.value, now), durationMs };
  }
  checkUrl(given.value, 'video_url', extensions);
  const file = readFile(call.source, 'video_url', extensions);
  const { durationMs, width, height, bytes } = file ?? readVideoHints(given.value);
  if (bytes > videoBytesMax) throw invalid('input.videoUrl: file size must be less than or equal to 100MB');
  checkDuration(durationMs);
  const sides = [width, height];
  if (sides.some((pixels) => pixels < sidePixelsMin || pixels > sidePixelsMax)) {
    throw invalid(`input.videoUrl: width and height must be between 512px and 2160px, but got ${sides.join('x')}`);
  }
  if (!pictures.some((picture) => isLike(sides, picture))) {
    throw invalid(`input.videoUrl: resolution must be 720p or 1080p, but got ${sides.join('x')}`);
  }
  return { id: createDigitsId(), url: given.value, durationMs };
}

function checkDuration(durationMs: number): void {
  if (durationMs < durationMinMs || durationMs > durationMaxMs) {
    throw invalid(`input.videoUrl: duration must be between 2s and 60s, but got ${durationMs / 1000}s`);
  }
}
