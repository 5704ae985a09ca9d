import {
  checkAll,
  checkCallerKey,
  checkKlingId,
  checkRange,
  checkText,
  issuesOf,
  mapValidation,
  type Path,
  refused,
  type Validation,
} from './check.ts';
import { languagesOf, type SpeechLanguage } from './speech-voices.ts';

/** A text to speak. */
export interface SpeechInput {
  readonly text: string;
  readonly klingVoiceId: string;
  /** Null for the language of a listed voice. */
  readonly language?: SpeechLanguage | null;
  readonly speed?: number | null;
}

/** A text to speak, with what is known of its voice. */
export interface SpokenInput extends SpeechInput {
  /** True if `klingVoiceId` is known to be a preset voice, or is the id of a `Voice`. */
  readonly isVideoVoice?: boolean;
}

/** The arguments of `synthesizeSpeech`. */
export interface SynthesizeSpeechInput {
  readonly speech: SpokenInput;
  readonly externalId?: string | null;
}

/** A checked request to speak a text. */
export interface SpeechRequest {
  readonly text: string;
  /** A text-to-speech voice. Its ids differ from those of preset and custom voices. */
  readonly voiceId: string;
  readonly language: SpeechLanguage;
  /** 0.8 to 2.0. */
  readonly speed: number;
}

/** The most characters that Kling speaks. */
export const SPEECH_CHARS_MAX = 1000;

/** The speed of speech. 1 is the voice's own speed. */
export const SPEECH_SPEED = { min: 0.8, max: 2, fallback: 1 } as const;

/** Checks the arguments of `synthesizeSpeech`. */
export function checkSynthesizeSpeechInput(
  { speech, externalId }: SynthesizeSpeechInput,
  path: Path = [],
): Validation<SpeechRequest> {
  const checked = checkAll<{ readonly spoken: SpeechRequest }>(
    { spoken: checkSpoken(speech, [...path, 'speech']) },
    issuesOf(checkCallerKey(externalId, [...path, 'externalId'])),
  );
  return mapValidation(checked, ({ spoken }) => spoken);
}

/** Checks a text to speak. Keeps blanks around it. Kling checks that the voice speaks a language that was given. */
export function checkSpoken(speech: SpokenInput, path: Path): Validation<SpeechRequest> {
  const voicePath = [...path, 'klingVoiceId'];
  const voiceId: Validation<string> =
    speech.isVideoVoice === true
      ? refused(voicePath, 'VOICE_CANNOT_SPEAK', CANNOT_SPEAK)
      : checkKlingId(speech.klingVoiceId, voicePath);
  return checkAll<SpeechRequest>({
    text: checkText(speech.text, { charsMax: SPEECH_CHARS_MAX, lines: 'many' }, [...path, 'text']),
    voiceId,
    // Without a usable voice, a missing language is no problem of its own.
    language: voiceId.ok ? checkLanguage(speech, [...path, 'language']) : { ok: true, value: 'en' },
    speed: checkRange(speech.speed, SPEECH_SPEED, [...path, 'speed']),
  });
}

const CANNOT_SPEAK =
  "is a voice for Kling's video models, which text-to-speech cannot use: take a klingVoiceId of `speechVoices`";

/** Returns the given language, or else that of the voice. Null if the voice is not listed, or is listed in several. */
export function languageOf({ language, klingVoiceId }: SpeechInput): SpeechLanguage | null {
  if (language !== undefined && language !== null) return language;
  const [only = null, ...others] = languagesOf(klingVoiceId);
  return others.length === 0 ? only : null;
}

function checkLanguage(speech: SpeechInput, path: Path): Validation<SpeechLanguage> {
  const value = languageOf(speech);
  if (value !== null) return { ok: true, value };
  const isListed = languagesOf(speech.klingVoiceId).length > 0;
  const message = `must be EN or ZH: this voice is ${isListed ? 'in `speechVoices` for both' : 'not in `speechVoices`'}`;
  return refused(path, 'OUT_OF_RANGE', message);
}
