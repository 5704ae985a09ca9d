import { measureInlineAudio } from './audio.ts';
import type { Issue } from '../errors.ts';
import type { TaskFailure } from './failure.ts';
import {
  chooseFace,
  type FaceInVideo,
  type FaceScanRequest,
  isRequest,
  type LipSyncPlan,
  type LipSyncRequest,
  toInterval,
} from './inputs.ts';
import { checkPlacement, isWhole, MEDIA_MARGIN_MS, type OpenPlacement, type PlacementFacts } from './placement.ts';
import type { Face, FaceScan, LipSyncTask, Speech } from './records.ts';
import type { AudioSource, FileSource, FindMedia, VideoSource } from './sources.ts';
import type { SpeechRequest } from './speech.ts';
import { isFinal } from './task.ts';

/**
 * The next thing that a lip-sync needs. `WAIT`: for the upload or the task with this id. `SCAN` and `SPEAK`: a call that Kling charges.
 * `SEND`: nothing more. `FAIL`: it cannot be made.
 */
export type NextStep =
  | { readonly type: 'WAIT'; readonly forId: string }
  | { readonly type: 'SCAN'; readonly request: FaceScanRequest }
  | ({ readonly type: 'SPEAK'; readonly request: SpeechRequest } & Found)
  | ({ readonly type: 'SEND'; readonly request: LipSyncRequest } & Found)
  | { readonly type: 'FAIL'; readonly failure: TaskFailure };

/** The scan and the face that have been found so far. A face that was found elsewhere is in no scan. */
export interface Found {
  readonly scan: FaceScan | null;
  readonly face: Face | null;
}

/** The stored facts that a plan depends on. */
export interface PlanFacts {
  readonly findMedia: FindMedia;
  readonly findTask: (id: string) => LipSyncTask | null;
  /** Returns the newest scan of a video that Kling still accepts; null without one. */
  readonly scanOfVideo: (video: VideoSource) => FaceScan | null;
  /** Returns the scan of a session; null if it was made elsewhere. */
  readonly scanOfSession: (sessionId: string) => FaceScan | null;
  /** The speech of the task; null until it is made. */
  readonly speech: Speech | null;
  /** Returns the length of a speech; null if it is unknown. */
  readonly speechDurationMs: (audioId: string) => number | null;
}

/** Returns what a lip-sync needs next. Everything that is waited for comes before anything that is paid. */
export function nextStep(plan: LipSyncPlan, facts: PlanFacts): NextStep {
  const video = plan.video === undefined ? null : awaitVideo(plan.video, facts);
  if (video !== null && 'type' in video) return video;
  const awaited = awaitAudio(plan.sound, facts);
  if (awaited !== null) return awaited;
  const scan = video === null ? facts.scanOfSession(plan.sessionId ?? '') : facts.scanOfVideo(video);
  if (video !== null && scan === null) return { type: 'SCAN', request: { video } };
  const found = { scan, face: faceOf(plan, scan) };
  if (plan.video !== undefined && found.face === null) return fail('NO_FACE_DETECTED', noFace(plan.index, scan));
  const placed = place(plan, found, facts);
  if ('type' in placed) return placed;
  if ('speech' in plan.sound && facts.speech === null) {
    return { type: 'SPEAK', request: plan.sound.speech, ...found };
  }
  if (!isWhole(placed)) return fail('INPUT_REJECTED', 'The length of the audio is unknown.');
  const { sound, soundVolume, originalAudioVolume, watermark } = plan;
  const request: LipSyncRequest = {
    sessionId: scan?.sessionId ?? plan.sessionId ?? '',
    faceId: found.face?.faceId ?? plan.faceId ?? '',
    sound: 'speech' in sound ? { audioId: facts.speech?.audioId ?? '' } : sound,
    placement: placed,
    soundVolume,
    originalAudioVolume,
    watermark,
  };
  return { type: 'SEND', request, ...found };
}

function awaitVideo(video: FaceInVideo['video'], facts: PlanFacts): VideoSource | NextStep {
  if (video.mediaId !== undefined) return awaitFile(video.mediaId, facts) ?? video;
  if (video.taskId === undefined) return video;
  const task = facts.findTask(video.taskId);
  if (task === null) return fail('INPUT_REJECTED', 'The task that makes the video was deleted.');
  if (!isFinal(task.status)) return { type: 'WAIT', forId: task.id };
  const videoId = task.videos[0]?.videoId ?? '';
  if (task.status === 'SUCCEEDED' && videoId !== '') return { videoId };
  return fail('INPUT_REJECTED', `The task that makes the video has made none: it is ${task.status}.`);
}

function awaitAudio(sound: LipSyncPlan['sound'], facts: PlanFacts): NextStep | null {
  return 'speech' in sound || sound.mediaId === undefined ? null : awaitFile(sound.mediaId, facts);
}

/** Returns null for a file that is ready. */
function awaitFile(mediaId: string, { findMedia }: PlanFacts): NextStep | null {
  const file = findMedia(mediaId);
  if (file === null) return fail('INPUT_REJECTED', 'The file was deleted before it was used.');
  if (file.status === 'READY') return null;
  if (file.status !== 'REJECTED') return { type: 'WAIT', forId: mediaId };
  const reasons = file.problems.map(({ message }) => message).join('; ');
  return fail('INPUT_REJECTED', `The file was rejected: ${reasons}.`);
}

function faceOf(plan: LipSyncPlan, scan: FaceScan | null): Face | null {
  const faces = scan?.faces ?? [];
  if (plan.video !== undefined) return chooseFace(faces, plan.index);
  return faces.find(({ faceId }) => faceId === plan.faceId) ?? null;
}

function noFace(index: number | null, scan: FaceScan | null): string {
  if (index === null) return 'Kling found no face that can be seen for 2 s. The scan was charged.';
  return `Kling found ${scan?.faces.length ?? 0} faces, and none at index ${index}. The scan was charged.`;
}

/**
 * Chooses what the caller has left open, and checks it by Kling's rules. Before a text is spoken, what depends on its length
 * stays open: a text is not paid for if no audio would fit.
 */
function place(plan: LipSyncPlan, { scan, face }: Found, facts: PlanFacts): OpenPlacement | NextStep {
  if (isRequest(plan) && !isFile(plan.sound)) return plan.placement;
  const { cropStartMs, cropEndMs, insertAtMs } = plan.placement;
  const videoFileMs = scan?.video?.mediaId === undefined ? undefined : scan.videoDurationMs;
  const checked = checkPlacement(
    {
      placement: { audioStartMs: cropStartMs, audioEndMs: cropEndMs, insertAtMs },
      audioDurationMs: plan.audioDurationMs ?? null,
      videoDurationMs: plan.videoDurationMs ?? null,
    },
    [],
    {
      face: toInterval(face, ['face']),
      audio: audioLength(plan.sound, facts),
      isAudioOpen: 'speech' in plan.sound && facts.speech === null,
      video: videoFileMs === undefined ? null : { durationMs: videoFileMs, marginMs: MEDIA_MARGIN_MS },
    },
  );
  return checked.ok ? checked.value : misfit(checked.issues);
}

function misfit(issues: readonly Issue[]): NextStep {
  const reasons = issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  return fail('INPUT_REJECTED', `The audio does not fit the face: ${reasons.join('; ')}.`);
}

function audioLength(
  sound: AudioSource | { readonly speech: SpeechRequest },
  { findMedia, speech, speechDurationMs }: PlanFacts,
): PlacementFacts['audio'] {
  const path = ['audio'];
  const known = (durationMs: number | null, marginMs = 0) =>
    durationMs === null ? null : { durationMs, marginMs, path };
  if ('speech' in sound) return known(speech?.durationMs ?? null);
  if (isFile(sound)) return known(findMedia(sound.mediaId)?.facts?.durationMs ?? null, MEDIA_MARGIN_MS);
  if (sound.base64 !== undefined) return known(measureInlineAudio(sound.base64).durationMs);
  return sound.audioId === undefined ? null : known(speechDurationMs(sound.audioId));
}

function isFile(sound: AudioSource): sound is FileSource {
  return sound.mediaId !== undefined;
}

function fail(code: TaskFailure['code'], message: string): NextStep {
  return { type: 'FAIL', failure: { code, message } };
}
