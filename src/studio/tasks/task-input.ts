import { graphql, type ResultOf } from '../api/graphql.ts';
import { atOwnOrigin } from '../files/own-origin.ts';
import type { ReadyFile } from '../files/use-upload.ts';
import type { MixValues } from '../lip-sync/create-step.tsx';
import type { Cut } from '../lip-sync/cut.ts';
import type { ChosenAudio } from '../lip-sync/read-audio.ts';
import { keyOf, type Scanned, type VideoSource } from '../lip-sync/video-source.ts';
import { fileNameOf } from './task-words.ts';

const keptFile = graphql(`
  fragment KeptFile on Media @_unmask {
    __typename
    id
    fileName
    durationMs
    url
  }
`);

/** Reads the input of a task. */
export const TaskInputDocument = graphql(
  `
    query TaskInput($id: ID!) {
      node(id: $id) {
        __typename
        id
        ... on LipSyncTask {
          label
          audioVolume
          originalAudioVolume
          watermark
          placement {
            audioStartMs
            audioEndMs
            insertAtMs
          }
          audio {
            url
            durationMs
            klingAudioId
            media {
              ...KeptFile
            }
            speech {
              __typename
              id
              text
            }
          }
          sourceVideo {
            url
            media {
              ...KeptFile
            }
          }
          face {
            __typename
            id
            startMs
            endMs
            scan {
              __typename
              id
              expiresAt
              unitsCharged
              faces {
                __typename
                id
                imageUrl
                startMs
                endMs
              }
            }
          }
        }
        ... on VoiceTask {
          name
          sample {
            url
            media {
              ...KeptFile
            }
          }
        }
      }
    }
  `,
  [keptFile],
);

type TaskInput = NonNullable<ResultOf<typeof TaskInputDocument>['node']>;
type LipSyncInput = Extract<TaskInput, { __typename: 'LipSyncTask' }>;
type VoiceInput = Extract<TaskInput, { __typename: 'VoiceTask' }>;
type KeptFile = ResultOf<typeof keptFile>;

/** The input of a task that runs again, for the steps after the scan. */
export interface Again {
  readonly title: string;
  /** Names the video that it belongs to: see `keyOf`. */
  readonly video: string;
  readonly face: { readonly id: string; readonly startMs: number; readonly endMs: number } | null;
  /** Null if the gateway no longer has it. */
  readonly audio: ChosenAudio | null;
  readonly audioMs: number | null;
  readonly cut: Cut;
  readonly mix: MixValues;
  readonly label: string;
}

function toReadyFile(media: KeptFile | null): ReadyFile | null {
  if (media === null || media.url === null) return null;
  const { id, fileName, durationMs, url } = media;
  return { mediaId: id, name: fileName ?? 'File', durationMs, playUrl: atOwnOrigin(url) };
}

/** Returns the audio. Null if it was deleted, or sent in base64, which the gateway does not keep. */
function toAudio(audio: LipSyncInput['audio']): ChosenAudio | null {
  if (audio === null) return null;
  const { url, durationMs, klingAudioId, media, speech } = audio;
  const known = { durationMs, peaks: [] };
  const file = toReadyFile(media);
  if (file !== null) return { ...known, source: { mediaId: file.mediaId }, name: file.name, playUrl: file.playUrl };
  if (klingAudioId !== null) {
    const name = speech === null ? 'Speech' : `“${speech.text}”`;
    return { ...known, source: { klingAudioId }, name, playUrl: url };
  }
  return url === null ? null : { ...known, source: { url }, name: fileNameOf(url) ?? url, playUrl: url };
}

/** Returns the draft that shows the input of a lip-sync in the editor. A scan that has expired must be made again. */
export function toLipSyncDraft(task: LipSyncInput, title: string, nowMs: number): Readonly<Record<string, unknown>> {
  const { face, audio, placement, sourceVideo, audioVolume, originalAudioVolume, watermark, label } = task;
  const file = toReadyFile(sourceVideo?.media ?? null);
  const source: VideoSource = { file, link: file === null ? (sourceVideo?.url ?? '') : '' };
  const scan = face?.scan ?? null;
  const isScanUsable = scan !== null && Date.parse(scan.expiresAt) > nowMs && keyOf(source) !== '';
  const again: Again = {
    title,
    video: keyOf(source),
    face: face === null ? null : { id: face.id, startMs: face.startMs, endMs: face.endMs },
    audio: toAudio(audio),
    audioMs: audio?.durationMs ?? null,
    cut: {
      cropStartMs: placement?.audioStartMs ?? 0,
      cropEndMs: placement?.audioEndMs ?? audio?.durationMs ?? 0,
      insertAtMs: placement?.insertAtMs ?? 0,
    },
    mix: {
      audioVolume: audioVolume ?? 1,
      originalAudioVolume: originalAudioVolume ?? 1,
      watermark: watermark ?? false,
    },
    label: label ?? '',
  };
  const scanned: Scanned | null = isScanUsable ? { source, scan } : null;
  return { video: source, scanned, again };
}

/** The input of a voice that is made again. */
export interface VoiceAgain {
  readonly name: string;
  readonly file: ReadyFile | null;
  readonly url: string;
}

/** Returns the draft that shows the input of a voice in its form. */
export function toVoiceDraft({ name, sample }: VoiceInput): VoiceAgain {
  const file = toReadyFile(sample?.media ?? null);
  return { name: name ?? '', file, url: file === null ? (sample?.url ?? '') : '' };
}
