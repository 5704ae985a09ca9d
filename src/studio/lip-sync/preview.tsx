import { useEffect, useRef, useState } from 'react';
import type { Face } from '../api/documents.ts';
import { Button } from '../ui/button.tsx';
import { formatSeconds } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import type { Cut } from './cut.ts';
import { usePlayTogether, type Volumes } from './play-together.ts';

interface Props {
  readonly videoUrl: string;
  readonly videoMs: number;
  readonly face: Face;
  /** The number that the face has on the timeline. */
  readonly faceNumber: number;
  /** The audio that is placed in the video. Null without audio. */
  readonly audioUrl: string | null;
  readonly cut: Cut;
  readonly volumes: Volumes;
  /** Called with the length of the video. Null if the browser cannot play it. */
  readonly onDuration: (ms: number | null) => void;
  readonly onTime: (ms: number) => void;
}

/** The preview starts this long before the audio. */
const LEAD_MS = 700;

/** Plays the video with the placed audio, beside the face that speaks. */
export function Preview(props: Props) {
  const { videoUrl, videoMs, face, faceNumber, audioUrl, cut, volumes, onDuration, onTime } = props;
  const video = useRef<HTMLVideoElement>(null);
  const [broken, setBroken] = useState(false);
  const [isSeen, setSeen] = useState(false);
  const isSilent = usePlayTogether({ video, audioUrl, cut, volumes });
  const fromMs = audioUrl === null ? face.startMs : Math.max(0, cut.insertAtMs - LEAD_MS);

  useEffect(() => {
    const element = video.current;
    // Hidden, not removed, so it would continue to play behind another screen.
    return () => element?.pause();
  }, []);

  function play(): void {
    if (video.current === null) return;
    video.current.currentTime = fromMs / 1000;
    // The user pauses it before it has started.
    video.current.play().catch(() => {});
  }

  return (
    <>
      {broken ? (
        <p className="video-missing">Couldn’t load the video here. Kling may still be able to use it.</p>
      ) : (
        <video
          ref={video}
          className="preview"
          aria-label="Video"
          src={videoUrl}
          controls
          playsInline
          preload="metadata"
          onLoadedMetadata={({ currentTarget: { duration } }) =>
            onDuration(Number.isFinite(duration) ? Math.floor(duration * 1000) : null)
          }
          onTimeUpdate={({ currentTarget }) => {
            const ms = currentTarget.currentTime * 1000;
            setSeen(!currentTarget.paused && ms >= face.startMs && ms <= face.endMs);
            onTime(ms);
          }}
          onError={() => {
            setBroken(true);
            onDuration(null);
          }}
        />
      )}
      <div className="speaker" data-seen={isSeen}>
        {face.imageUrl === null ? (
          <span className="speaker-picture" />
        ) : (
          <img className="speaker-picture" src={face.imageUrl} alt="" width={52} height={52} />
        )}
        <p className="speaker-text">
          <span className="speaker-name">Face {faceNumber} speaks</span>
          <span className="muted">
            Visible from {formatSeconds(face.startMs)} to {formatSeconds(Math.min(face.endMs, videoMs))}
          </span>
        </p>
        {broken ? null : (
          <Button onPress={play}>
            <Icon name="play" />
            {audioUrl === null ? 'Play this part' : 'Play with audio'}
          </Button>
        )}
      </div>
      {isSilent ? <p className="muted">Couldn’t load the audio here. Kling may still be able to use it.</p> : null}
    </>
  );
}
