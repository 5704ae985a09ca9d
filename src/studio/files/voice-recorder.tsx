import { useEffect, useRef, useState } from 'react';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { formatClock } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Notice } from '../ui/notice.tsx';
import { type Recording, recordVoice } from './record-voice.ts';
import { explainRecorder, type RecorderProblem } from './recorder-problem.ts';

type State =
  | { readonly step: 'idle'; readonly problem: RecorderProblem | null }
  | { readonly step: 'starting' }
  | { readonly step: 'recording'; readonly level: number; readonly elapsedMs: number };

const IDLE: State = { step: 'idle', problem: null };

interface Props {
  readonly maxMs: number;
  readonly onFile: (file: File) => void;
}

/** Records the microphone as a WAV file, with a level, up to a limit. */
export function VoiceRecorder({ maxMs, onFile }: Props) {
  const [state, setState] = useState<State>(IDLE);
  const recording = useRef<Recording | null>(null);
  const isLeft = useRef(false);

  useEffect(() => {
    isLeft.current = false;
    // Another screen must not be recorded.
    return () => {
      isLeft.current = true;
      recording.current?.discard();
      recording.current = null;
      setState(IDLE);
    };
  }, []);

  async function start(): Promise<void> {
    // The browser asks for permission, which takes a while.
    if (state.step === 'starting') return;
    setState({ step: 'starting' });
    try {
      const started = await recordVoice({
        maxMs,
        onLevel: (level, elapsedMs) => setState({ step: 'recording', level, elapsedMs }),
        onEnd: () => void stop('Recording stopped at the limit'),
      });
      if (isLeft.current) {
        started.discard();
        return;
      }
      recording.current = started;
      setState({ step: 'recording', level: 0, elapsedMs: 0 });
      announce('Recording');
    } catch (error) {
      setState({ step: 'idle', problem: explainRecorder(error, 'microphone') });
    }
  }

  async function stop(said: string): Promise<void> {
    const ended = recording.current;
    recording.current = null;
    if (ended === null) return;
    const file = await ended.stop();
    setState(IDLE);
    announce(said);
    onFile(file);
  }

  function discard(): void {
    recording.current?.discard();
    recording.current = null;
    setState(IDLE);
    announce('Recording discarded');
  }

  if (state.step === 'recording') {
    return (
      <div className="recorder" role="group" aria-label="Recording">
        <span className="recorder-dot" />
        <span className="recorder-time" role="timer">
          {formatClock(state.elapsedMs)} of {formatClock(maxMs)}
        </span>
        <meter className="recorder-level" aria-label="Level" min={0} max={1} value={state.level} />
        <span className="recorder-actions">
          <Button kind="quiet" onPress={discard}>
            Discard
          </Button>
          <Button kind="primary" autoFocus onPress={() => void stop('Recording stopped')}>
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
          <Icon name="microphone" />
          Record your voice
        </Button>
      </div>
      {state.step === 'idle' && state.problem !== null ? (
        <div role="alert">
          <Notice tone="warning" title={state.problem.title}>
            {state.problem.advice}
          </Notice>
        </div>
      ) : null}
    </>
  );
}
