import { describe, it } from 'vitest';
import type { LedgerLimits } from '../../src/config/index.ts';
import { fromMilliunits, sumOfUnits } from '../../src/domain/cost.ts';
import type { CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import type { LipSyncQuote } from '../../src/domain/ports.ts';
import type { LipSyncTask } from '../../src/domain/records.ts';
import { type Failure, type Result, toResult } from '../../src/errors.ts';
import { type LedgerParts, withParts } from '../support/ledger-parts.ts';
import {
  AUDIO_URL,
  CLIP,
  endOther,
  FACE,
  fill,
  finish,
  PROBLEM,
  SOUND,
  url,
  whole,
} from '../support/one-call-estate.ts';
import { stagedKling } from '../support/staged-kling.ts';

const inVideo = (video: string, index?: number) => ({
  face: { inVideo: { video: { url: url(`${video}.mp4`) }, ...(index === undefined ? {} : { index }) } },
});
const ofMedia = (mediaId: string) => ({ face: { inVideo: { video: { mediaId } } } });
const ofTask = (externalId: string) => ({ face: { inVideo: { video: { task: { externalId } } } } });
const said = (text: string, voice = 'oversea_male1') => ({ audio: { speech: { text, klingVoiceId: voice } } });
const ELSEWHERE = { face: { klingFace: { klingSessionId: 's', klingFaceId: '7' } } };
const SAID = said('Good morning, and welcome.');

/** An input of a caller, and the answer to it. */
interface Row {
  readonly what: string;
  readonly input: Partial<CreateLipSyncTaskInput>;
  readonly limits?: Partial<LedgerLimits>;
  /** The events after the create. */
  readonly later?: (parts: LedgerParts) => void;
  /** `QUEUED` for a task without a stage before. Otherwise the stage, or the code and the paths of the refusal. */
  readonly answer: string;
  /** The calls that Kling charges, and how the task stands then. */
  readonly ends?: string;
  /** The audio from, to, and where it is heard. */
  readonly placed?: readonly [number, number, number];
}

const PAID_ALL = 'SCAN SPEAK SYNC: SUBMITTED';

const ROWS: readonly Row[] = [
  // A face.
  { what: 'a video and a text', input: {}, answer: 'SCANNING', ends: PAID_ALL, placed: [0, 4_950, 500] },
  { what: 'an index', input: inVideo('clip', 0), answer: 'SCANNING', ends: PAID_ALL, placed: [0, 2_950, 1_000] },
  {
    what: 'an index that no face has',
    input: inVideo('clip', 2),
    answer: 'SCANNING',
    ends: 'SCAN: FAILED NO_FACE_DETECTED',
  },
  {
    what: 'a video without a face',
    input: inVideo('nobody'),
    answer: 'SCANNING',
    ends: 'SCAN: FAILED NO_FACE_DETECTED',
  },
  {
    what: 'only faces that are too short',
    input: inVideo('glimpses'),
    answer: 'SCANNING',
    ends: 'SCAN: FAILED NO_FACE_DETECTED',
  },
  {
    what: 'the index of a face that is too short',
    input: inVideo('glimpses', 0),
    answer: 'SCANNING',
    ends: 'SCAN: FAILED INPUT_REJECTED',
  },
  { what: 'a video that was scanned', input: inVideo('scanned'), answer: 'SPEAKING', ends: 'SPEAK SYNC: SUBMITTED' },
  {
    what: 'an index that the known scan lacks',
    input: inVideo('scanned', 1),
    answer: 'BAD_USER_INPUT face.inVideo.index: NO_SUCH_FACE',
  },
  {
    what: 'a negative index',
    input: inVideo('clip', -1),
    answer: 'BAD_USER_INPUT face.inVideo.index: OUT_OF_RANGE',
  },
  { what: 'an index of 1.5', input: inVideo('clip', 1.5), answer: 'BAD_USER_INPUT face.inVideo.index: OUT_OF_RANGE' },
  {
    what: 'two members for the face',
    input: { face: { ...FACE.face, ...inVideo('clip').face } },
    answer: 'BAD_USER_INPUT face: OUT_OF_RANGE',
  },
  { what: 'no member for the face', input: { face: {} }, answer: 'BAD_USER_INPUT face: OUT_OF_RANGE' },
  {
    what: 'two members for the video',
    input: { face: { inVideo: { video: { url: url('clip.mp4'), klingVideoId: 'v' } } } },
    answer: 'BAD_USER_INPUT face.inVideo.video: OUT_OF_RANGE',
  },
  {
    what: "Kling's video",
    input: { face: { inVideo: { video: { klingVideoId: 'v' } } } },
    answer: 'SCANNING',
    ends: PAID_ALL,
  },
  { what: 'an own face', input: FACE, answer: 'SPEAKING', ends: 'SPEAK SYNC: SUBMITTED', placed: [0, 4_950, 0] },
  {
    what: 'a face of an unknown scan',
    input: { face: { faceId: 'scan-9:0' } },
    answer: 'BAD_USER_INPUT face.faceId: NOT_FOUND',
  },
  {
    what: 'a face from elsewhere without insertAtMs',
    input: { ...ELSEWHERE, ...AUDIO_URL, audioDurationMs: 5_000 },
    answer: 'BAD_USER_INPUT placement.insertAtMs: DURATION_UNKNOWN',
  },
  {
    what: 'a face from elsewhere with insertAtMs',
    input: { ...ELSEWHERE, placement: { audioStartMs: 0, insertAtMs: 2_000 } },
    answer: 'SPEAKING',
    ends: 'SPEAK SYNC: SUBMITTED',
    placed: [0, 4_950, 2_000],
  },
  // The task that makes the video.
  {
    what: 'a task that succeeds',
    input: ofTask('running'),
    answer: 'WAITING',
    later: endOther('running', 'SUCCEEDED'),
    ends: PAID_ALL,
  },
  {
    what: 'a task that fails',
    input: ofTask('running'),
    answer: 'WAITING',
    later: endOther('running', 'FAILED'),
    ends: ': FAILED INPUT_REJECTED',
  },
  {
    what: 'a task that is cancelled',
    input: ofTask('running'),
    answer: 'WAITING',
    later: ({ journal, tasks }) =>
      void journal.apply(tasks.find({ externalId: 'running' })!.record.id, { type: 'CANCELLED' }),
    ends: ': FAILED INPUT_REJECTED',
  },
  { what: 'a task that has succeeded', input: ofTask('succeeded'), answer: 'SCANNING', ends: PAID_ALL },
  {
    what: 'a task that has failed',
    input: ofTask('failed'),
    answer: 'BAD_USER_INPUT face.inVideo.video.task: NOT_FOUND',
  },
  { what: 'a voice task', input: ofTask('voice'), answer: 'BAD_USER_INPUT face.inVideo.video.task: NOT_FOUND' },
  { what: 'an unknown task', input: ofTask('no-such'), answer: 'BAD_USER_INPUT face.inVideo.video.task: NOT_FOUND' },
  {
    what: 'an id that is of no task',
    input: { face: { inVideo: { video: { task: { id: '' } } } } },
    answer: 'BAD_USER_INPUT face.inVideo.video.task.id: WRONG_ID_TYPE',
  },
  // An upload.
  {
    what: 'a video that becomes READY',
    input: ofMedia('video-open'),
    answer: 'WAITING',
    later: finish('video-open', { status: 'READY', facts: CLIP }),
    ends: PAID_ALL,
  },
  {
    what: 'a video that is rejected',
    input: ofMedia('video-open'),
    answer: 'WAITING',
    later: finish('video-open', { status: 'REJECTED', problems: [PROBLEM] }),
    ends: ': FAILED INPUT_REJECTED',
  },
  {
    what: 'a video that is READY',
    input: ofMedia('video'),
    answer: 'SCANNING',
    ends: PAID_ALL,
  },
  {
    what: 'a video that was rejected',
    input: ofMedia('video-bad'),
    answer: 'BAD_USER_INPUT face.inVideo.video.mediaId: TOO_SHORT',
  },
  {
    what: 'a file of audio as the video',
    input: ofMedia('audio'),
    answer: 'BAD_USER_INPUT face.inVideo.video.mediaId: UNSUPPORTED_FORMAT',
  },
  { what: 'an unknown file', input: ofMedia('none'), answer: 'BAD_USER_INPUT face.inVideo.video.mediaId: NOT_FOUND' },
  {
    what: 'audio that becomes READY',
    input: { ...FACE, audio: { mediaId: 'audio-open' } },
    answer: 'WAITING',
    later: finish('audio-open', { status: 'READY', facts: SOUND }),
    ends: 'SYNC: SUBMITTED',
    placed: [0, 3_950, 0],
  },
  {
    what: 'a whole placement that the upload turns out not to have',
    input: { ...FACE, audio: { mediaId: 'audio-open' }, ...whole(0, 9_000, 0) },
    answer: 'WAITING',
    later: finish('audio-open', { status: 'READY', facts: SOUND }),
    ends: ': FAILED INPUT_REJECTED',
  },
  // The audio.
  {
    what: 'a URL without its length',
    input: AUDIO_URL,
    answer: 'BAD_USER_INPUT audioDurationMs: DURATION_UNKNOWN',
  },
  {
    what: 'a URL with its length',
    input: { ...AUDIO_URL, audioDurationMs: 3_000 },
    answer: 'SCANNING',
    ends: 'SCAN SYNC: SUBMITTED',
    placed: [0, 2_950, 500],
  },
  {
    what: 'a URL with its length and an own face',
    input: { ...FACE, ...AUDIO_URL, audioDurationMs: 3_000 },
    answer: 'QUEUED',
    ends: 'SYNC: SUBMITTED',
    placed: [0, 2_950, 0],
  },
  {
    what: "Kling's audio of unknown length",
    input: { audio: { klingAudioId: 'a' } },
    answer: 'BAD_USER_INPUT audioDurationMs: DURATION_UNKNOWN',
  },
  {
    what: 'an earlier speech',
    input: { audio: { speechId: 'audio-1' } },
    answer: 'SCANNING',
    ends: 'SCAN SYNC: SUBMITTED',
    placed: [0, 3_950, 500],
  },
  {
    what: 'two members for the audio',
    input: { audio: { ...SAID.audio, ...AUDIO_URL.audio } },
    answer: 'BAD_USER_INPUT audio: OUT_OF_RANGE',
  },
  {
    what: 'the id of a Voice',
    input: { audio: { speech: { ...SAID.audio.speech, isVideoVoice: true } } },
    answer: 'BAD_USER_INPUT audio.speech.klingVoiceId: VOICE_CANNOT_SPEAK',
  },
  {
    what: "Kling's id of a cloned voice",
    input: said('Good morning.', 'cloned-1'),
    answer: 'BAD_USER_INPUT audio.speech.klingVoiceId: VOICE_CANNOT_SPEAK',
  },
  {
    what: 'an unlisted voice without a language',
    input: said('Good morning.', 'new-1'),
    answer: 'BAD_USER_INPUT audio.speech.language: OUT_OF_RANGE',
  },
  { what: 'no text', input: said(''), answer: 'BAD_USER_INPUT audio.speech.text: OUT_OF_RANGE' },
  { what: 'a text that lasts 1.5 s', input: said('Hi'), answer: 'SCANNING', ends: 'SCAN SPEAK: FAILED INPUT_REJECTED' },
  // The placement.
  {
    what: 'a placement that misses the face',
    input: whole(0, 4_000, 30_000),
    answer: 'SCANNING',
    ends: 'SCAN: FAILED INPUT_REJECTED',
  },
  {
    what: 'a placement without its end',
    input: { placement: { audioStartMs: 1_000, insertAtMs: 3_000 } },
    answer: 'SCANNING',
    ends: PAID_ALL,
    placed: [1_000, 4_950, 3_000],
  },
  {
    what: 'a placement without insertAtMs',
    input: { placement: { audioStartMs: 0, audioEndMs: 3_000 } },
    answer: 'SCANNING',
    ends: PAID_ALL,
    placed: [0, 3_000, 500],
  },
  {
    what: 'a cut that is too short',
    input: whole(0, 1_999, 0),
    answer: 'BAD_USER_INPUT placement.audioEndMs: CLIP_TOO_SHORT',
  },
  // The money.
  { what: 'just enough maxUnits', input: { maxUnits: '6.1' }, answer: 'SCANNING', ends: PAID_ALL },
  { what: 'too few maxUnits', input: { maxUnits: '6.0999' }, answer: 'QUOTA_EXHAUSTED MAX_UNITS' },
  { what: 'maxUnits of 0', input: { maxUnits: '0' }, answer: 'BAD_USER_INPUT maxUnits: OUT_OF_RANGE' },
  { what: 'maxUnits that are no number', input: { maxUnits: '-1' }, answer: 'BAD_USER_INPUT maxUnits: OUT_OF_RANGE' },
  {
    what: 'the last units of the budget',
    input: {},
    limits: { milliunitsPerMonthMax: 6_650 },
    answer: 'SCANNING',
    ends: PAID_ALL,
  },
  {
    what: 'a budget for all but the speech',
    input: {},
    limits: { milliunitsPerMonthMax: 6_649 },
    answer: 'QUOTA_EXHAUSTED TENANT_BUDGET',
  },
  {
    what: 'problems everywhere',
    input: { ...inVideo('clip', -1), ...said('', 'cloned-1'), maxUnits: 'x', audioVolume: 3, ...whole(-1, 1_000, 0) },
    answer:
      'BAD_USER_INPUT audio.speech.klingVoiceId: VOICE_CANNOT_SPEAK, audio.speech.text: OUT_OF_RANGE, ' +
      'audioVolume: OUT_OF_RANGE, face.inVideo.index: OUT_OF_RANGE, maxUnits: OUT_OF_RANGE, placement.audioStartMs: OUT_OF_RANGE',
  },
];

function answerOf(result: Result<LipSyncTask>): string {
  if (result.ok) return result.value.stage ?? 'QUEUED';
  return refusalOf(result.failure);
}

function refusalOf({ code, issues = [], quota }: Failure): string {
  const problems = issues.map(({ path, code: issue }) => `${path.slice(1).join('.')}: ${issue}`);
  return [code, ...(quota === undefined ? [] : [quota.limit]), problems.toSorted().join(', ')].join(' ').trim();
}

describe('the answer to each input of createLipSyncTask', () => {
  it.for(ROWS)('$what: $answer', async ({ what, input, limits = {}, later, answer, ends, placed }, { expect }) => {
    const kling = stagedKling();
    await withParts(`input ${what}`, { kling: kling.client, limits }, async (parts) => {
      await fill(parts);
      const { creator, alarmHandler, clock, tasks, settle } = parts;
      const before = kling.calls.length;
      const given = { ...inVideo('clip'), ...SAID, ...input };
      const quote: Result<LipSyncQuote> = await toResult(() => creator.quoteLipSync(given));
      expect(kling.calls).toHaveLength(before);
      const created: Result<LipSyncTask> = await toResult(() => creator.createLipSyncTask(given));
      expect(answerOf(created)).toBe(answer);
      if (!created.ok || !quote.ok) {
        // The dry run fails as the mutation does.
        expect(quote).toEqual(created);
        return expect([kling.calls.length, ends]).toEqual([before, undefined]);
      }
      const { id, unitsEstimated, preparation = [] } = created.value;
      const costs = [...preparation.map((cost) => cost.unitsEstimated), unitsEstimated];
      expect(fromMilliunits(quote.value.milliunits)).toBe(sumOfUnits(costs));
      expect(quote.value.costs.map((cost) => cost.unitsEstimated)).toEqual(costs);
      await settle();
      later?.(parts);
      clock.nowMs += 1;
      await alarmHandler.run();
      await settle();
      const task = tasks.find({ id })!.record as LipSyncTask;
      const state = [task.status, task.failure?.code].filter((part) => part !== undefined).join(' ');
      expect(`${kling.calls.slice(before).join(' ')}: ${state}`).toBe(ends);
      const { placement = null } = task.details!.lipSync!;
      if (placed !== undefined) {
        const [cropStartMs, cropEndMs, insertAtMs] = placed;
        expect(placement).toEqual({ cropStartMs, cropEndMs, insertAtMs });
      }
      if (quote.value.placement !== null && task.failure === null) expect(placement).toEqual(quote.value.placement);
      const paid = task.preparation?.filter(({ isPaid }) => isPaid).map(({ stage }) => stage) ?? [];
      const asked = kling.calls.slice(before).filter((call) => call !== 'SYNC');
      expect(paid).toEqual(asked.map((call) => (call === 'SCAN' ? 'SCANNING' : 'SPEAKING')));
    });
  });
});
