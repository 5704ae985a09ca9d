import { measureInlineAudio } from '../domain/audio.ts';
import { checkAll, type Validation, validOrThrow } from '../domain/check.ts';
import { FACE_SCAN_UNITS, fromMilliunits, lipSyncMilliunits, SPEECH_UNITS, toMilliunits } from '../domain/cost.ts';
import {
  checkLipSyncInput,
  chooseFace,
  type CreateLipSyncTaskInput,
  type FaceInput,
  type LipSyncFacts,
  type LipSyncPlan,
} from '../domain/inputs.ts';
import type { NextStep } from '../domain/lip-sync-plan.ts';
import type { MediaExtension } from '../domain/media.ts';
import { isWhole } from '../domain/placement.ts';
import {
  type Face,
  type FaceScan,
  type KeptAudio,
  type KeptLipSyncInput,
  type KeptVideo,
  type PreparationCost,
  scanIdOf,
} from '../domain/records.ts';
import {
  type AudioInput,
  type AudioSource,
  checkAwaitedVideo,
  type SourceFacts,
  spokenIdOf,
  type VideoSource,
} from '../domain/sources.ts';
import type { TaskWebhook } from '../domain/records.ts';
import { badUserInput } from '../errors.ts';
import type { FileSources } from './isolation.ts';
import { keptSettings, type Stages } from './stages.ts';
import type { AssetStore } from './stores/assets.ts';
import type { TaskStore } from './stores/tasks.ts';

/** A new lip-sync, checked against what the tenant has. */
export interface CheckedLipSync {
  readonly plan: LipSyncPlan;
  readonly webhook: TaskWebhook | null;
  /** The first thing that the plan needs. */
  readonly next: Exclude<NextStep, { readonly type: 'FAIL' }>;
  readonly units: LipSyncUnits;
  /** As `LipSyncTask.faceId`; null before the face is found. */
  readonly faceId: string | null;
  /** Returns what the task keeps of its input. `audioSha256` is of audio that came in base64. */
  readonly kept: (audioSha256: string | null) => KeptLipSyncInput;
}

/** The expected cost. */
interface LipSyncUnits {
  /** The cost of the lip-sync itself, in units. */
  readonly sync: string;
  /** The cost of each step before it. */
  readonly steps: readonly Pick<PreparationCost, 'stage' | 'unitsEstimated'>[];
  /** The sum, in thousandths of a unit. */
  readonly milliunits: number;
}

interface LipSyncCheckDeps {
  readonly tasks: Pick<TaskStore, 'madeVideoMs'>;
  readonly assets: AssetStore;
  readonly files: FileSources;
  readonly stages: Pick<Stages, 'next' | 'scanOfVideo'>;
  readonly sourceFacts: SourceFacts;
  /** Checks the `webhookUrl` of an input. */
  readonly checkWebhook: (url: string | null | undefined) => Validation<TaskWebhook | null>;
  readonly now: () => number;
}

/** Creates the check. It throws everything that is wrong at once. It writes nothing, and does not call Kling. */
export function createLipSyncCheck(deps: LipSyncCheckDeps): (input: CreateLipSyncTaskInput) => CheckedLipSync {
  const { tasks, assets, files, stages, sourceFacts, checkWebhook, now } = deps;

  /** Returns the source of a video that the task is to scan; null for any other face, and if the video is refused. */
  function videoOf({ face: { inVideo = null } }: CreateLipSyncTaskInput): VideoSource | null {
    if (inVideo === null) return null;
    const checked = checkAwaitedVideo(inVideo.video, 'video', [], sourceFacts);
    return checked.ok && checked.value.taskId === undefined ? checked.value : null;
  }

  function scanOf({ faceId, klingFace }: FaceInput, video: VideoSource | null): FaceScan | null {
    if (video !== null) return stages.scanOfVideo(video);
    if (typeof faceId === 'string') return assets.faceScan(scanIdOf(faceId));
    return typeof klingFace?.klingSessionId === 'string' ? assets.scanOfSession(klingFace.klingSessionId) : null;
  }

  function factsOf(input: CreateLipSyncTaskInput): Facts {
    const { face: chosen, audio } = input;
    const video = videoOf(input);
    const scan = scanOf(chosen, video);
    const audioId = spokenIdOf(audio);
    const fileMs = video?.mediaId === undefined ? null : (files.kept(video).durationMs ?? null);
    const videoMs = video?.videoId === undefined ? fileMs : tasks.madeVideoMs(video.videoId);
    const videoFileMs = scan?.video?.mediaId === undefined ? fileMs : (scan.videoDurationMs ?? null);
    return {
      scan,
      video,
      videoMs,
      face: scan === null ? null : faceIn(scan, chosen),
      sessionId: scan?.sessionId ?? null,
      scanExpiresAtMs: scan?.expiresAtMs ?? null,
      now: now(),
      hasSpeech: audioId !== null && assets.speech(audioId) !== null,
      audioDurationMs: audioId === null ? null : assets.speechDurationMs(audioId),
      ...sourceFacts,
      ...(videoFileMs === null ? {} : { videoFileMs }),
    };
  }

  /** Says that a voice was cloned here. Its id does not tell. */
  function withVoice({ speech = null, ...audio }: AudioInput): AudioInput {
    if (speech === null) return audio;
    const isVideoVoice = speech.isVideoVoice === true || assets.voice(speech.klingVoiceId) !== null;
    return { ...audio, speech: { ...speech, isVideoVoice } };
  }

  return (given) => {
    const input = { ...given, audio: withVoice(given.audio) };
    const facts = factsOf(input);
    const { plan, webhook } = validOrThrow(
      checkAll<{ plan: LipSyncPlan; webhook: TaskWebhook | null }>({
        plan: checkLipSyncInput(input, ['input'], facts),
        webhook: checkWebhook(input.webhookUrl),
      }),
    );
    if (plan.video !== undefined && plan.video.taskId === undefined) files.checkReachable(plan.video);
    if (!('speech' in plan.sound)) files.checkReachable(plan.sound);
    const next = stages.next(plan);
    if (next.type === 'FAIL') {
      throw badUserInput([{ path: ['input'], code: 'OUT_OF_RANGE', message: next.failure.message }]);
    }
    const { scan, face } = facts;
    return {
      plan,
      webhook,
      next,
      units: unitsOf(input, plan, facts),
      faceId: scan === null || face === null ? null : `${scan.id}:${face.faceId}`,
      kept: (audioSha256) => toKeptInput(input, plan, facts, audioSha256, files),
    };
  };
}

/** The stored facts about the things that an input names. */
interface Facts extends LipSyncFacts {
  readonly scan: FaceScan | null;
  /** The video to scan. Null for a face that was found before, and for a video that is not made yet. */
  readonly video: VideoSource | null;
  /** The length of that video; null if it is unknown. */
  readonly videoMs: number | null;
}

/** Returns the expected cost: of the lip-sync, of each step before it, and together. */
function unitsOf({ videoDurationMs = null }: CreateLipSyncTaskInput, plan: LipSyncPlan, { scan, videoMs }: Facts) {
  // The length that Kling or the gateway measured takes precedence over the caller's.
  const sync = lipSyncMilliunits(scan?.videoDurationMs ?? videoMs ?? videoDurationMs);
  const steps = [
    ...(plan.video === undefined ? [] : [{ stage: 'SCANNING' as const, unitsEstimated: FACE_SCAN_UNITS }]),
    ...('speech' in plan.sound ? [{ stage: 'SPEAKING' as const, unitsEstimated: SPEECH_UNITS }] : []),
  ];
  const milliunits = steps.reduce((sum, { unitsEstimated }) => sum + (toMilliunits(unitsEstimated) ?? 0), sync);
  return { sync: fromMilliunits(sync), steps, milliunits };
}

function faceIn(scan: FaceScan, { faceId, klingFace, inVideo }: FaceInput): Face | null {
  if (inVideo !== null && inVideo !== undefined) return chooseFace(scan.faces, inVideo.index ?? null);
  const isChosen = (face: Face): boolean =>
    typeof faceId === 'string' ? `${scan.id}:${face.faceId}` === faceId : face.faceId === klingFace?.klingFaceId;
  return scan.faces.find(isChosen) ?? null;
}

/** Returns what a lip-sync keeps of its checked input. */
function toKeptInput(
  input: CreateLipSyncTaskInput,
  plan: LipSyncPlan,
  { scan, face, video: source, audioDurationMs, findLipSync }: Facts,
  audioSha256: string | null,
  files: FileSources,
): KeptLipSyncInput {
  const { sound, placement, sessionId, faceId } = plan;
  const { inVideo = null } = input.face;
  const task = inVideo?.video.task ?? null;
  const { videoDurationMs } = scan ?? {};
  const video = scan?.video ?? (source === null ? undefined : { ...source, ...extensionOf(files.kept(source)) });
  const audio = 'speech' in sound ? {} : { ...toKeptAudio(sound, audioDurationMs, audioSha256), ...files.kept(sound) };
  return {
    ...keptSettings(plan),
    ...(face === null ? {} : { face }),
    ...(face !== null || sessionId === undefined ? {} : { klingFace: { sessionId, faceId } }),
    ...(video === undefined ? {} : { video }),
    ...(videoDurationMs === undefined ? {} : { videoDurationMs }),
    ...(task === null ? {} : { videoTaskId: findLipSync?.(task)?.id ?? '' }),
    ...(inVideo === null ? {} : { faceIndex: inVideo.index ?? null }),
    audio,
    ...('speech' in sound ? { speech: sound.speech } : {}),
    ...(isWhole(placement) ? { placement } : {}),
    ...openPlacementOf(input),
    ...hintOf('audioDurationHintMs', input.audioDurationMs),
    ...hintOf('videoDurationHintMs', input.videoDurationMs),
  };
}

function extensionOf({ extension }: { readonly extension?: MediaExtension }): Pick<KeptVideo, 'extension'> {
  return extension === undefined ? {} : { extension };
}

/** Keeps which numbers the caller has left out, so that a new attempt may choose others. */
function openPlacementOf({ placement = null }: CreateLipSyncTaskInput): Pick<KeptLipSyncInput, 'placementInput'> {
  const { audioStartMs: cropStartMs = 0, audioEndMs: cropEndMs = null, insertAtMs = null } = placement ?? {};
  const placementInput = { cropStartMs, cropEndMs, insertAtMs };
  return isWhole(placementInput) ? {} : { placementInput };
}

function hintOf<Key extends string>(key: Key, value: number | null | undefined): { readonly [K in Key]?: number } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key loses its type
  return value === null || value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: number });
}

/** The bytes stay in the request, which is deleted once Kling has the task. */
function toKeptAudio(source: AudioSource, speechMs: number | null, sha256: string | null): KeptAudio {
  if (source.base64 === undefined) return { ...source, ...(speechMs === null ? {} : { durationMs: speechMs }) };
  const { sizeBytes, durationMs } = measureInlineAudio(source.base64);
  return {
    bytes: sizeBytes,
    ...(sha256 === null ? {} : { sha256 }),
    ...(durationMs === null ? {} : { durationMs }),
  };
}
