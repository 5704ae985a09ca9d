import { useState } from 'react';
import { overlapMs } from '../../domain/placement.ts';
import { useDrafted } from '../session/draft.ts';
import type { Face, Task } from '../api/documents.ts';
import type { Again } from '../tasks/task-input.ts';
import { assumedVideoMs, firstCut, type Cut, explainCut, usableMs } from './cut.ts';
import { useAudioUrl, usePeaks, type ChosenAudio } from './read-audio.ts';
import { CreateStep, type MixValues } from './create-step.tsx';
import { CutFields, LengthField } from './cut-fields.tsx';
import { AudioStep } from './audio-step.tsx';
import { Preview } from './preview.tsx';
import { Timeline } from './timeline.tsx';
import { keyOf, playUrlOf, type Scanned } from './video-source.ts';

const UNMIXED: MixValues = { audioVolume: 1, originalAudioVolume: 1, watermark: false };

/** Returns the id of the face that spoke, or of the one that is seen at its time in a new scan. */
function faceOf(faces: readonly Face[], again: Again | null): string {
  const before = again?.face ?? null;
  const same = before === null ? undefined : faces.find(({ id }) => id === before.id);
  if (before === null || same !== undefined) return (same ?? faces[0])?.id ?? '';
  const [closest] = faces.toSorted((a, b) => overlapMs(b, before) - overlapMs(a, before));
  return closest?.id ?? '';
}

interface Props {
  readonly scanned: Scanned;
  /** The input of a task that runs again, which is shown first. Null for a new lip-sync. */
  readonly again: Again | null;
  readonly onCreated: (task: Task) => void;
}

/** The steps after the scan: choosing face and audio, placing the audio, and creating the task. */
export function Editor({ scanned, again: given, onCreated }: Props) {
  const { scan, source } = scanned;
  const again = given?.video === keyOf(source) ? given : null;
  const [measuredMs, setMeasuredMs] = useState<number | null>(null);
  const [givenMs, setGivenMs] = useDrafted<number | null>('video-ms', null, scan.id);
  const [faceId, setFaceId] = useDrafted('face', faceOf(scan.faces, again), scan.id);
  const [audio, setAudio] = useDrafted<ChosenAudio | null>('audio', again?.audio ?? null, scan.id);
  const [givenAudioMs, setGivenAudioMs] = useDrafted<number | null>('audio-ms', again?.audioMs ?? null, scan.id);
  const [cut, setCut] = useDrafted<Cut>('cut', again?.cut ?? { cropStartMs: 0, cropEndMs: 0, insertAtMs: 0 }, scan.id);
  const [mix, setMix] = useDrafted<MixValues>('mix', again?.mix ?? UNMIXED, scan.id);
  const [playheadMs, setPlayheadMs] = useState(0);

  const peaks = usePeaks(audio);

  // Measured or entered by the user, so the gateway may rely on it.
  const knownVideoMs = measuredMs ?? givenMs;
  const knownAudioMs = audio?.durationMs ?? givenAudioMs;
  const lengthMs = knownVideoMs ?? assumedVideoMs(scan);
  const videoMs = usableMs(lengthMs, source.file !== null);
  const isAudioFile = audio !== null && 'mediaId' in audio.source;
  const audioMs = usableMs(knownAudioMs ?? 0, isAudioFile);
  // Audio of unknown length is not placed: a guess would cut off its end.
  const placed = knownAudioMs === null || audio === null ? null : { ...audio, peaks };
  const missing = audio === null ? 'Add audio' : 'Enter the audio length';
  const face = scan.faces.find(({ id }) => id === faceId) ?? scan.faces[0];
  const audioUrl = useAudioUrl(placed);
  if (face === undefined) return null;
  const facts = { face, videoMs, audioMs };
  const problems = placed === null ? [] : explainCut(cut, facts);

  function choose(chosen: ChosenAudio | null): void {
    setAudio(chosen);
    setGivenAudioMs(null);
    if (chosen !== null && chosen.durationMs !== null) {
      place(usableMs(chosen.durationMs, 'mediaId' in chosen.source));
    }
  }

  function place(wholeMs: number): void {
    if (face !== undefined) setCut(firstCut(face, videoMs, wholeMs));
  }

  function measure(givenLengthMs: number): void {
    setGivenAudioMs(givenLengthMs);
    place(usableMs(givenLengthMs, isAudioFile));
  }

  return (
    <>
      <section className="card step" aria-labelledby="place-step">
        <h2 id="place-step">Face and audio</h2>
        <div className="place-grid">
          <div>
            <Preview
              videoUrl={playUrlOf(source)}
              videoMs={lengthMs}
              face={face}
              faceNumber={scan.faces.indexOf(face) + 1}
              audioUrl={audioUrl}
              cut={cut}
              volumes={mix}
              onDuration={setMeasuredMs}
              onTime={setPlayheadMs}
            />
            {measuredMs === null ? (
              <LengthField
                label="Video length"
                hint="Couldn’t read the length. This is where the last face ends: correct it if the video is longer."
                ms={lengthMs}
                onChange={setGivenMs}
              />
            ) : null}
          </div>
          <AudioStep audio={audio} onAudio={choose}>
            {audio !== null && audio.durationMs === null ? (
              <LengthField
                label="Audio length"
                hint="Couldn’t read the length. Enter it to place the audio in the video."
                ms={givenAudioMs}
                onChange={measure}
              />
            ) : null}
          </AudioStep>
        </div>
        <Timeline
          faces={scan.faces}
          face={face}
          onFace={setFaceId}
          videoMs={videoMs}
          audio={placed}
          missing={missing}
          audioMs={audioMs}
          cut={cut}
          onCut={setCut}
          playheadMs={playheadMs}
          isRefused={problems.length > 0}
        />
        {placed === null ? null : <CutFields cut={cut} facts={facts} problems={problems} onCut={setCut} />}
      </section>
      <CreateStep
        scanId={scan.id}
        givenLabel={again?.label ?? ''}
        draft={{ face, audio: placed, cut, videoMs: lengthMs, knownVideoMs, knownAudioMs }}
        mix={mix}
        onMix={setMix}
        problems={problems}
        missing={missing}
        onCreated={onCreated}
      />
    </>
  );
}
