/** Why a recorder could not start, and what the user can do. */
export interface RecorderProblem {
  readonly title: string;
  readonly advice: string;
}

/** Explains an error of `getUserMedia`, or of the start of a recorder. */
export function explainRecorder(error: unknown, device: 'microphone' | 'camera'): RecorderProblem {
  const name = error instanceof Error ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        title: `The ${device} is blocked`,
        advice: `Allow this page to use the ${device} in your browser’s site settings, then try again. Or choose a file.`,
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { title: `No ${device} found`, advice: `Connect a ${device}, then try again. Or choose a file.` };
    case 'NotReadableError':
      return {
        title: `The ${device} is in use`,
        advice: `Close the app that uses the ${device}, then try again. Or choose a file.`,
      };
    default:
      // Browsers offer devices only to pages at https or localhost.
      return isSecureContext
        ? { title: 'Couldn’t start the recording', advice: 'Try again, or choose a file.' }
        : { title: 'Recording needs https', advice: 'Open Studio at its https address. Or choose a file.' };
  }
}
