import { describe, expect, it } from 'vitest';
import { AUDIO_BYTES_MAX, checkInlineAudio } from '../../src/domain/audio.ts';
import { checkCallerKey, checkKlingId, checkText, issuesOf, type Path } from '../../src/domain/check.ts';
import { checkIdentifyFacesInput, checkLipSyncInput, type CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import { checkSynthesizeSpeechInput } from '../../src/domain/speech.ts';
import {
  fetchFailed,
  mediaNotReady,
  problemsOf,
  sampleProblems,
  unsupportedFormat,
  type MediaFacts,
} from '../../src/domain/media.ts';
import { voiceInputOf } from '../../src/domain/retry.ts';
import { checkNotes } from '../../src/domain/task.ts';
import { checkPlacement, type PlacedInput, type PlacementInput } from '../../src/domain/placement.ts';
import { checkUrl, URL_CHARS_MAX } from '../../src/domain/url.ts';
import { ISSUE_CODES, type Issue, type IssueCode } from '../../src/errors.ts';
import { voiceTask } from '../support/fake-ledger.ts';
import { base64Of, wav } from './support-audio.ts';

const PATH: Path = ['input'];
const SPEECH = { text: 'Hello', klingVoiceId: 'v', language: 'en' } as const;
const VIDEO_URL = { url: 'https://cdn.example.com/clip.mp4' };
const NOW = Date.UTC(2026, 10, 21);

const url = (text: string) => issuesOf(checkUrl(text, 'video', PATH));
const inVideo = (index: number) =>
  issuesOf(
    checkLipSyncInput({ face: { inVideo: { video: VIDEO_URL, index } }, audio: { speech: SPEECH } }, PATH, {
      face: null,
      sessionId: 's',
      scanExpiresAtMs: NOW + 1,
      now: NOW,
      hasSpeech: false,
      audioDurationMs: null,
    }),
  );
const audio = (base64: string) => issuesOf(checkInlineAudio(base64, PATH));

type Placed = Partial<PlacementInput> & Omit<PlacedInput, 'placement'>;

const place = (
  { audioDurationMs, videoDurationMs, ...input }: Placed,
  faceEndMs = 60_000,
  audioMs: number | null = null,
) =>
  issuesOf(
    checkPlacement(
      {
        placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0, ...input },
        ...(audioDurationMs === undefined ? {} : { audioDurationMs }),
        ...(videoDurationMs === undefined ? {} : { videoDurationMs }),
      },
      PATH,
      {
        face: { startMs: 0, endMs: faceEndMs, path: PATH },
        audio: audioMs === null ? null : { durationMs: audioMs, path: PATH },
      },
    ),
  );

const lipSync = (input: Partial<CreateLipSyncTaskInput>, scanExpiresAtMs: number | null) => {
  const face = { faceId: '0', imageUrl: null, startMs: 0, endMs: 5200 };
  return issuesOf(
    checkLipSyncInput(
      {
        face: { faceId: 'scan:0' },
        audio: { url: 'https://cdn.example.com/hello.mp3' },
        placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 },
        ...input,
      },
      PATH,
      {
        face: scanExpiresAtMs === null ? null : face,
        sessionId: scanExpiresAtMs === null ? null : '1',
        scanExpiresAtMs,
        now: NOW,
        hasSpeech: false,
        audioDurationMs: null,
      },
    ),
  );
};

const VIDEO: MediaFacts = {
  extension: 'mp4',
  durationMs: 10_000,
  width: 1280,
  height: 720,
  codecs: ['avc', 'aac'],
  hasAudio: true,
};

/** One row for each kind of issue. */
const KINDS: readonly (readonly [IssueCode, what: string, issues: readonly Issue[]])[] = [
  ['OUT_OF_RANGE', 'an id that is too long', issuesOf(checkKlingId('1'.repeat(129), PATH))],
  ['MALFORMED', 'an id of other characters', issuesOf(checkKlingId('a b', PATH))],
  ['OUT_OF_RANGE', 'an external id that is too long', issuesOf(checkCallerKey('1'.repeat(65), PATH))],
  ['MALFORMED', 'an external id of other characters', issuesOf(checkCallerKey('a b', PATH))],
  ['OUT_OF_RANGE', 'a blank text', issuesOf(checkText(' ', { charsMax: 2, lines: 'one' }, PATH))],
  ['OUT_OF_RANGE', 'a text that is too long', issuesOf(checkText('abc', { charsMax: 2, lines: 'one' }, PATH))],
  ['MALFORMED', 'a text of two lines', issuesOf(checkText('a\nb', { charsMax: 9, lines: 'one' }, PATH))],
  ['MALFORMED', 'a text with a control character', issuesOf(checkText('a\0', { charsMax: 9, lines: 'many' }, PATH))],
  ['OUT_OF_RANGE', 'no video', issuesOf(checkIdentifyFacesInput({ video: {} }))],
  ['OUT_OF_RANGE', 'no audio', lipSync({ audio: {} }, NOW + 1)],
  ['OUT_OF_RANGE', 'a volume that is too high', lipSync({ originalAudioVolume: 3 }, NOW + 1)],
  [
    'OUT_OF_RANGE',
    'too many pairs of metadata',
    issuesOf(checkNotes({ metadata: Array.from({ length: 17 }, (_, at) => ({ key: `${at}`, value: '' })) })),
  ],
  [
    'NOT_UNIQUE',
    'a repeated key of metadata',
    issuesOf(
      checkNotes({
        metadata: [
          { key: 'a', value: '' },
          { key: 'a', value: '' },
        ],
      }),
    ),
  ],
  ['OUT_OF_RANGE', 'a URL that is too long', url(`https://a.example/${'a'.repeat(URL_CHARS_MAX)}`)],
  ['MALFORMED', 'a text that is no URL', url('https://a b')],
  ['MALFORMED', 'a URL with a fragment', url('https://a.example/#b')],
  ['URL_NOT_ALLOWED', 'a URL that is not https', url('http://a.example/')],
  ['URL_NOT_ALLOWED', 'a URL with a user name', url('https://me@a.example/')],
  ['URL_NOT_ALLOWED', 'a URL with a port', url('https://a.example:8443/')],
  ['URL_NOT_ALLOWED', 'a URL of a private network', url('https://10.0.0.1/')],
  ['UNSUPPORTED_FORMAT', 'a URL of another kind of file', url('https://a.example/a.webm')],
  ['MALFORMED', 'audio as a data URL', audio(`data:audio/wav;base64,${base64Of(wav({ dataBytes: 48_000 }))}`)],
  ['MALFORMED', 'audio that is not base64', audio(`${base64Of(wav({ dataBytes: 48_000 })).slice(0, -4)}!!!!`)],
  ['UNSUPPORTED_FORMAT', 'audio of another format', audio(btoa('OggS'.padEnd(99)))],
  [
    'FILE_TOO_LARGE',
    'audio that is too large',
    audio(
      base64Of(wav({ dataBytes: 48_000 }))
        .replaceAll('=', 'A')
        .padEnd(Math.ceil(AUDIO_BYTES_MAX / 3) * 4 + 4, 'A'),
    ),
  ],
  ['OUT_OF_RANGE', 'a negative start', place({ audioStartMs: -1 })],
  ['CLIP_OUTSIDE_AUDIO', 'a clip that ends after the audio', place({ audioDurationMs: 2999 })],
  ['CLIP_TOO_SHORT', 'a clip of less than 2 s', place({ audioEndMs: 1999 })],
  ['CLIP_OUTSIDE_VIDEO', 'a clip that ends after the video', place({ insertAtMs: 1, videoDurationMs: 3000 })],
  ['CLIP_OUTSIDE_FACE', 'a clip beside the face', place({ insertAtMs: 4000 }, 4000)],
  ['CLIP_OUTSIDE_FACE', 'a face that is seen for less than 2 s', place({}, 1999)],
  ['TOO_SHORT', 'a length of the video below 2 s', place({ videoDurationMs: 1999 })],
  ['TOO_LONG', 'a length of the audio over 60 s', place({ audioDurationMs: 60_001 })],
  ['TOO_SHORT', 'audio that is measured to be too short', place({ audioEndMs: 2000 }, 60_000, 1999)],
  ['TOO_LONG', 'audio that is measured to be too long', place({}, 60_000, 60_001)],
  ['NO_SUCH_FACE', 'a place where the video has no face', inVideo(3)],
  ['DURATION_UNKNOWN', 'audio whose length nobody knows', lipSync({ placement: null }, 0)],
  ['NOT_FOUND', 'a face that does not exist', lipSync({}, null)],
  ['WRONG_ID_TYPE', 'a face id that names no face', lipSync({ face: { faceId: '' } }, null)],
  [
    'VOICE_CANNOT_SPEAK',
    'a voice for video models',
    issuesOf(checkSynthesizeSpeechInput({ speech: { ...SPEECH, isVideoVoice: true } })),
  ],
  ['INPUT_NOT_KEPT', 'a retry of a task without its input', issuesOf(voiceInputOf(voiceTask('old'), null))],
  ['UNSUPPORTED_FORMAT', 'a file of another format', [unsupportedFormat('AUDIO', 'is a ZIP archive')]],
  ['UNSUPPORTED_FORMAT', 'a video as audio', problemsOf(VIDEO, 'AUDIO', 1)],
  ['UNSUPPORTED_RESOLUTION', 'a picture that is too small', problemsOf({ ...VIDEO, width: 500 }, 'VIDEO', 1)],
  ['FILE_TOO_LARGE', 'a file with too many bytes', problemsOf(null, 'AUDIO', 5_000_001)],
  ['TOO_SHORT', 'a sample of a voice below 5 s', sampleProblems({ ...VIDEO, durationMs: 4999 }, PATH)],
  ['NO_AUDIO_TRACK', 'a sample of a voice without sound', sampleProblems({ ...VIDEO, hasAudio: false }, PATH)],
  ['MEDIA_NOT_READY', 'a file that is being checked', [mediaNotReady('CHECKING', PATH)]],
  ['FETCH_FAILED', 'a URL that does not answer', [fetchFailed('the server answered 404')]],
  ['EXPIRED', 'a scan that is older than 24 hours', lipSync({}, NOW)],
];

describe('the code of an issue', () => {
  it.each(KINDS)('is %s for %s', (code, _what, issues) => {
    expect(issues.map((issue) => issue.code)).toContain(code);
  });

  it('is covered by a kind for every code', () => {
    expect([...new Set(KINDS.map(([code]) => code))].toSorted()).toEqual(Object.keys(ISSUE_CODES).toSorted());
  });
});
