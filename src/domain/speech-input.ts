import { checkAll, type Checked, issuesOf, type Path } from './check.ts';
import { checkCallerKey, checkKlingId } from './id-check.ts';
import type { SynthesizeSpeechInput } from './inputs.ts';
import { checkRange } from './range-check.ts';
import type { SpeechRequest } from './requests.ts';
import { checkText } from './text-check.ts';

/** The longest text that Kling speaks, in characters. */
export const SPEECH_CHARS_MAX = 1000;

/** How fast Kling speaks: 1 is the voice's own speed. */
export const SPEECH_SPEED = { min: 0.8, max: 2, fallback: 1 } as const;

/** The text is kept as it came, blanks at its ends too. Whether the voice exists and speaks the language, Kling tells. */
export function checkSynthesizeSpeechInput(
  input: SynthesizeSpeechInput,
  path: Path = ['input'],
): Checked<SpeechRequest> {
  return checkAll<SpeechRequest>(
    {
      text: checkText(input.text, { charsMax: SPEECH_CHARS_MAX, lines: 'many' }, [...path, 'text']),
      voiceId: checkKlingId(input.voiceId, [...path, 'voiceId']),
      language: { ok: true, value: input.language },
      speed: checkRange(input.speed, SPEECH_SPEED, [...path, 'speed']),
    },
    issuesOf(checkCallerKey(input.idempotencyKey, [...path, 'idempotencyKey'])),
  );
}
