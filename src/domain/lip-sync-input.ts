import { checkInlineAudio } from './audio.ts';
import { checkAll, type Checked, issuesOf, mapChecked, type Path } from './check.ts';
import type { Face } from './face.ts';
import { checkCallerKey, checkKlingId } from './id-check.ts';
import type { CreateLipSyncTaskInput } from './inputs.ts';
import { checkPlacement } from './placement.ts';
import { checkRange } from './range-check.ts';
import type { LipSyncRequest, SoundSource } from './requests.ts';
import { checkUrl } from './url.ts';

/** How loud a sound is: 1 leaves it as it is. */
export const VOLUME = { min: 0, max: 2, fallback: 1 } as const;

/** What the gateway has stored about the things that the input names. */
export interface LipSyncFacts {
  /** Null when there is no such face, or none that the caller may see. */
  readonly face: Face | null;
  /** Of the face's scan; null along with the face. */
  readonly sessionId: string | null;
  readonly scanExpiresAtMs: number | null;
  readonly now: number;
  /** Of the speech that `audioId` names; null when not known. */
  readonly soundDurationMs: number | null;
}

/**
 * Everything about a lip-sync that can be told before Kling is asked. A face that is missing or has expired is reported
 * together with whatever else is wrong. The length of a WAV is measured, and wins over what anyone says of it.
 */
export function checkLipSyncInput(
  input: CreateLipSyncTaskInput,
  path: Path,
  facts: LipSyncFacts,
): Checked<LipSyncRequest> {
  const { face } = facts;
  const facePath = [...path, 'faceId'];
  const soundPath = [...path, 'sound'];
  const sound = checkSound(input.sound, soundPath);
  const checked = checkAll<{ readonly face: CheckedFace; readonly rest: Omit<LipSyncRequest, keyof CheckedFace> }>(
    {
      face: checkFace(facts, facePath),
      rest: checkAll<Omit<LipSyncRequest, keyof CheckedFace>>({
        sound: mapChecked(sound, ({ source }) => source),
        placement: checkPlacement(input.placement, [...path, 'placement'], {
          face: face === null ? null : { startMs: face.startMs, endMs: face.endMs, path: facePath },
          sound: knownLength(sound, input.sound, soundPath, facts),
        }),
        soundVolume: checkRange(input.soundVolume, VOLUME, [...path, 'soundVolume']),
        originalAudioVolume: checkRange(input.originalAudioVolume, VOLUME, [...path, 'originalAudioVolume']),
        watermark: { ok: true, value: input.watermark ?? false },
      }),
    },
    issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
  );
  return mapChecked(checked, (value) => ({ ...value.face, ...value.rest }));
}

type SoundInput = CreateLipSyncTaskInput['sound'];

type CheckedFace = Pick<LipSyncRequest, 'sessionId' | 'faceId'>;

/** `durationMs` is null where it could not be measured. */
interface CheckedSound {
  readonly source: SoundSource;
  readonly durationMs: number | null;
}

function checkSound(sound: SoundInput, path: Path): Checked<CheckedSound> {
  const audioId = sound.audioId ?? null;
  const url = sound.url ?? null;
  const base64 = sound.base64 ?? null;
  if ([audioId, url, base64].filter((given) => given !== null).length === 1) {
    if (audioId !== null) {
      const checked = checkKlingId(audioId, [...path, 'audioId']);
      return mapChecked(checked, (value) => ({ source: { audioId: value }, durationMs: null }));
    }
    if (url !== null) {
      const checked = checkUrl(url, 'sound', [...path, 'url']);
      return mapChecked(checked, (value) => ({ source: { url: value }, durationMs: null }));
    }
    if (base64 !== null) {
      const checked = checkInlineAudio(base64, [...path, 'base64']);
      return mapChecked(checked, (value) => ({ source: { base64: value.base64 }, durationMs: value.durationMs }));
    }
  }
  return { ok: false, issues: [{ path, message: 'must have exactly one of audioId, url and base64' }] };
}

function knownLength(sound: Checked<CheckedSound>, input: SoundInput, path: Path, facts: LipSyncFacts) {
  if (sound.ok && sound.value.durationMs !== null) {
    return { durationMs: sound.value.durationMs, path: [...path, 'base64'] };
  }
  const spoken = (input.audioId ?? null) !== null && facts.soundDurationMs !== null;
  return spoken ? { durationMs: facts.soundDurationMs, path: [...path, 'audioId'] } : null;
}

function checkFace({ face, sessionId, scanExpiresAtMs, now }: LipSyncFacts, path: Path): Checked<CheckedFace> {
  if (face === null || sessionId === null || scanExpiresAtMs === null) {
    const message = 'no such face: identify the faces of the video, and choose one of them';
    return { ok: false, issues: [{ path, message }] };
  }
  if (now < scanExpiresAtMs) return { ok: true, value: { sessionId, faceId: face.faceId } };
  const message = `expired${isoTime(scanExpiresAtMs)}: faces can be used for 24 hours; identify them again`;
  return { ok: false, issues: [{ path, message }] };
}

function isoTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? '' : ` at ${date.toISOString()}`;
}
