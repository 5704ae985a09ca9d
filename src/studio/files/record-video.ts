import { fileStem, type Recording } from './record-voice.ts';

/** MP4 with H.264 first, which more programs read. Kling takes no other format that a browser records. */
const TYPES = ['video/mp4;codecs=avc1.42E01E,mp4a.40.2', 'video/mp4;codecs=avc1,opus', 'video/mp4'] as const;

function recordableType(): string | null {
  if (typeof MediaRecorder === 'undefined') return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** Whether this browser records MP4. */
export function canRecordVideo(): boolean {
  return recordableType() !== null;
}

/** The longest recording. The last frames are written after the stop, and Kling takes 60 s. */
export const VIDEO_RECORDING_MS_MAX = 59_000;

/** 720p, as Kling needs. 59 s have about 37 MB. */
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user' } as const;
const BITS_PER_SECOND = 5_000_000;

interface VideoRecording extends Recording {
  /** The picture of the camera. */
  readonly stream: MediaStream;
}

interface Options {
  readonly maxMs: number;
  /** Called once if the limit is reached, or the camera is unplugged. Then `stop` returns the file. */
  readonly onEnd: () => void;
}

/** Records the camera and the microphone. Throws the errors of `getUserMedia`. */
export async function recordVideo({ maxMs, onEnd }: Options): Promise<VideoRecording> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: CAMERA, audio: true });
  const pieces: Blob[] = [];
  const written = Promise.withResolvers<void>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function end(): void {
    clearTimeout(timer);
    for (const track of stream.getTracks()) track.stop();
  }

  try {
    const recorder = new MediaRecorder(stream, {
      mimeType: recordableType() ?? 'video/mp4',
      videoBitsPerSecond: BITS_PER_SECOND,
    });
    recorder.addEventListener('dataavailable', ({ data }) => pieces.push(data));
    recorder.addEventListener('stop', () => written.resolve());
    recorder.start();
    timer = setTimeout(onEnd, maxMs);
    for (const track of stream.getTracks()) track.addEventListener('ended', onEnd);
    return {
      stream,
      async stop() {
        if (recorder.state !== 'inactive') recorder.stop();
        await written.promise;
        end();
        return new File(pieces, `${fileStem()}.mp4`, { type: 'video/mp4' });
      },
      discard() {
        if (recorder.state !== 'inactive') recorder.stop();
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}
