import workletUrl from './recorder-worklet.ts?worker&url';
import { encodeWav, joinSamples, levelOf, WAV_RATE_MAX } from './wav.ts';

/** A recording that is under way. */
export interface Recording {
  /** Ends it. Returns the file. */
  stop(): Promise<File>;
  /** Ends it without a file. */
  discard(): void;
}

interface Options {
  readonly maxMs: number;
  /** Called about 23 times a second. `level` is 0 to 1. */
  readonly onLevel: (level: number) => void;
  /** Called once if the limit is reached, or the microphone is unplugged. Then `stop` returns the file. */
  readonly onEnd: () => void;
}

/** Records the microphone. Throws the errors of `getUserMedia`. */
export async function recordVoice({ maxMs, onLevel, onEnd }: Options): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
  const context = new AudioContext();
  const pieces: Float32Array[] = [];
  const samplesMax = Math.floor((maxMs * context.sampleRate) / 1000);
  let count = 0;
  let isOver = false;

  function end(): void {
    if (isOver) return;
    isOver = true;
    for (const track of stream.getTracks()) track.stop();
    // Closing fails only if it is closed already.
    context.close().catch(() => {});
  }

  function endItself(): void {
    if (isOver) return;
    end();
    onEnd();
  }

  try {
    await context.audioWorklet.addModule(workletUrl);
    const recorder = new AudioWorkletNode(context, 'recorder', {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    recorder.port.addEventListener('message', ({ data }: MessageEvent<Float32Array>) => {
      if (isOver) return;
      pieces.push(data);
      count += data.length;
      onLevel(levelOf(data));
      if (count >= samplesMax) endItself();
    });
    recorder.port.start();
    context.createMediaStreamSource(stream).connect(recorder);
    await context.resume();
  } catch (error) {
    end();
    throw error;
  }
  for (const track of stream.getTracks()) track.addEventListener('ended', endItself);

  return {
    async stop() {
      end();
      const samples = joinSamples(pieces, samplesMax);
      const rate = Math.min(WAV_RATE_MAX, context.sampleRate);
      const wav = encodeWav(await resample(samples, context.sampleRate, rate), rate);
      return new File([wav], `${fileStem()}.wav`, { type: 'audio/wav' });
    },
    discard: end,
  };
}

/** Resamples mono audio with the browser's own filter. */
async function resample(samples: Float32Array<ArrayBuffer>, from: number, to: number): Promise<Float32Array> {
  if (from === to || samples.length === 0) return samples;
  const offline = new OfflineAudioContext(1, Math.floor((samples.length * to) / from), to);
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: from });
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(offline, { buffer });
  source.connect(offline.destination);
  source.start();
  return (await offline.startRendering()).getChannelData(0);
}

const two = (part: number) => String(part).padStart(2, '0');

/** Returns the name of a recording, such as `recording-2026-11-30-1405`, in local time. */
export function fileStem(now = new Date()): string {
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  return `recording-${date}-${two(now.getHours())}${two(now.getMinutes())}`;
}
