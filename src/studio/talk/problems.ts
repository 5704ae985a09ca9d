/** The parts of the form that a problem can belong to. `other` is shown above the button. */
export type ProblemField = 'video' | 'text' | 'klingVoiceId' | 'language' | 'speed' | 'other';

/** A problem with a part of the form, in words. */
export interface Problem {
  readonly field: ProblemField;
  readonly text: string;
}

interface Refusal {
  readonly issues: readonly { readonly code: string; readonly path: readonly string[]; readonly message: string }[];
}

const SPEECH_FIELDS = ['text', 'klingVoiceId', 'language', 'speed'] as const;

/** The words before the gateway's message. */
const SUBJECTS: Readonly<Record<ProblemField, string>> = {
  video: 'The video',
  text: 'The text',
  klingVoiceId: 'The voice',
  language: 'The language',
  speed: 'The speed',
  other: '',
};

function fieldOf(path: readonly string[]): ProblemField {
  if (path.includes('face') || path.at(-1) === 'videoDurationMs') return 'video';
  return SPEECH_FIELDS.find((field) => field === path.at(-1)) ?? 'other';
}

const CANNOT_SPEAK =
  'This voice can’t read a text aloud: cloned and preset voices are for Kling’s video models. Choose one of the list.';

/** Returns the problems of an input, each at its part of the form. */
export function problemsIn({ issues }: Refusal): readonly Problem[] {
  return issues.map(({ code, path, message }) => {
    const field = fieldOf(path);
    if (code === 'VOICE_CANNOT_SPEAK') return { field, text: CANNOT_SPEAK };
    // A message about a length names the video itself.
    const subject = field === 'other' ? (path.at(-1) ?? '') : SUBJECTS[field];
    const said = message.startsWith('the ') ? `The ${message.slice(4)}` : `${subject} ${message}`;
    return { field, text: `${said}.` };
  });
}
