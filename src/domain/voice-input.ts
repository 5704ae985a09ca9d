import { checkAll, type Checked, issuesOf, type Path } from './check.ts';
import { checkCallerKey } from './id-check.ts';
import type { CreateVoiceInput } from './inputs.ts';
import type { VoiceRequest } from './requests.ts';
import { checkText } from './text-check.ts';
import { checkVideoSource } from './video-source.ts';

/** The longest name of a voice, in characters (Kling's custom voice page, 2026-09). */
export const VOICE_NAME_CHARS_MAX = 20;

/** The name comes back trimmed. How long the recording is (5 to 30 s), and whether one person speaks, Kling finds out. */
export function checkCreateVoiceInput(input: CreateVoiceInput, path: Path = ['input']): Checked<VoiceRequest> {
  return checkAll<VoiceRequest>(
    {
      name: checkText(input.name, { charsMax: VOICE_NAME_CHARS_MAX, lines: 'one' }, [...path, 'name']),
      source: checkVideoSource(input.source, 'voice', [...path, 'source']),
    },
    issuesOf(checkCallerKey(input.externalId, [...path, 'externalId'])),
  );
}
