import { useEffect, useRef, useState } from 'react';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { formatClock } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Notice } from '../ui/notice.tsx';
import { useNow } from '../ui/use-now.ts';
import { fileStem } from './record-voice.ts';
import { explainRecorder, type RecorderProblem } from './recorder-problem.ts';

const TYPE = 'video/mp4';

/** Whether this browser records MP4. Kling takes no other format that a browser records. */
export function canRecordVideo(): boolean {
  return typeof MediaRecorder !== 'undefined' && MediaRecorder.isTypeSupported(TYPE);
}

/** The longest recording. The last frames are written after the stop, and Kling takes 60 s. */
const VIDEO_RECORDING_MS_MAX = 59_000;

/** 720p, as Kling needs. 59 s have about 37 MB. */
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user' } as const;
const BITS_PER_SECOND = 5_000_000;

interface Props {
  readonly onFile: (file: File) => void;
}

interface Running {
  readonly stream: MediaStream;
  readonly recorder: MediaRecorder;
  readonly startedAtMs: number;
}

/** Records the camera and the microphone as an MP4 file. Shows nothing if the browser cannot. */
export function VideoRecorder({ onFile }: Props) {
  const [running, setRunning] = useState<Running | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [problem, setProblem] = useState<RecorderProblem | null>(null);
  const isKept = useRef(false);

  useEffect(() => {
    if (running === null) return undefined;
    const timer = setTimeout(() => stop(running, 'Recording stopped at the limit'), VIDEO_RECORDING_MS_MAX);
    return () => {
      clearTimeout(timer);
      if (running.recorder.state !== 'inactive') running.recorder.stop();
      for (const track of running.stream.getTracks()) track.stop();
      // Another screen must not be recorded.
      setRunning(null);
    };
  }, [running]);

  if (!canRecordVideo()) return null;

  async function start(): Promise<void> {
    // The browser asks for permission, which takes a while.
    if (isStarting) return;
    setStarting(true);
    setProblem(null);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: CAMERA, audio: true });
      const recorder = new MediaRecorder(stream, { mimeType: TYPE, videoBitsPerSecond: BITS_PER_SECOND });
      const pieces: Blob[] = [];
      isKept.current = false;
      recorder.addEventListener('dataavailable', ({ data }) => pieces.push(data));
      recorder.addEventListener('stop', () => {
        if (isKept.current) onFile(new File(pieces, `${fileStem()}.mp4`, { type: TYPE }));
      });
      recorder.start();
      setRunning({ stream, recorder, startedAtMs: Date.now() });
      announce('Recording');
    } catch (error) {
      setProblem(explainRecorder(error, 'camera'));
    }
    setStarting(false);
  }

  function stop({ recorder }: Running, said: string): void {
    isKept.current = true;
    recorder.stop();
    setRunning(null);
    announce(said);
  }

  if (running !== null) {
    return (
      <div className="recorder" role="group" aria-label="Recording">
        <video
          className="recorder-view"
          aria-label="Camera"
          muted
          autoPlay
          playsInline
          ref={(video) => {
            if (video !== null) video.srcObject = running.stream;
          }}
        />
        <span className="recorder-dot" />
        <Elapsed startedAtMs={running.startedAtMs} />
        <span className="recorder-actions">
          <Button kind="quiet" onPress={() => setRunning(null)}>
            Discard
          </Button>
          <Button kind="primary" autoFocus onPress={() => stop(running, 'Recording stopped')}>
            Stop
          </Button>
        </span>
      </div>
    );
  }
  return (
    <>
      <div>
        <Button onPress={() => void start()}>
          <Icon name="camera" />
          Record a video
        </Button>
      </div>
      {problem === null ? null : (
        <div role="alert">
          <Notice tone="warning" title={problem.title}>
            {problem.advice}
          </Notice>
        </div>
      )}
    </>
  );
}

function Elapsed({ startedAtMs }: { readonly startedAtMs: number }) {
  const now = useNow(250);
  return (
    <span className="recorder-time" role="timer">
      {formatClock(now - startedAtMs)} of {formatClock(VIDEO_RECORDING_MS_MAX)}
    </span>
  );
}
