/** The measures in the URL or id of a video, such as `clip-15s-1280x720-120mb.mp4`. */
export interface VideoHints {
  readonly durationMs: number;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

const videoDefaultMs = 10_000;
const audioDefaultMs = 5000;

/** Reads the measures of a video from its name. The defaults are 10 s, 1280 x 720 and 10 MB. */
export function readVideoHints(name: string): VideoHints {
  const size = /-(\d{2,5})x(\d{2,5})(?![\dx])/.exec(name);
  return {
    durationMs: readSeconds(name) ?? videoDefaultMs,
    width: Number(size?.[1] ?? 1280),
    height: Number(size?.[2] ?? 720),
    bytes: Number(/-(\d+)mb(?![a-z0-9])/i.exec(name)?.[1] ?? 10) * 1_000_000,
  };
}

/** Reads the length of audio from its name. The default is 5 s. */
export function readAudioMs(name: string): number {
  return readSeconds(name) ?? audioDefaultMs;
}

/** Reads `-15s` or `-2.5s`, in milliseconds. */
function readSeconds(name: string): number | null {
  const seconds = /-(\d+(?:\.\d+)?)s(?![a-z0-9])/i.exec(name)?.[1];
  return seconds === undefined ? null : Math.round(Number(seconds) * 1000);
}
