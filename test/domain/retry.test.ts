import { describe, it } from 'vitest';
import type { KeptLipSyncInput, LipSyncTask } from '../../src/domain/records.ts';
import { checkRetry, lipSyncInputOf, toTaskIssue, voiceInputOf } from '../../src/domain/retry.ts';
import { gatewayFailure, type TaskFailure } from '../../src/domain/failure.ts';
import type { TaskStatus } from '../../src/domain/task.ts';
import { lipSyncTask, voiceTask } from '../support/fake-ledger.ts';

const KEPT: KeptLipSyncInput = {
  audio: { url: 'https://a.test/a.mp3' },
  faceIndex: 2,
  video: { url: 'https://a.test/v.mp4' },
  placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 500 },
  audioVolume: 0.5,
  originalAudioVolume: 0,
  watermark: true,
};
const SPEECH = { text: 'Hello', voiceId: 'v', language: 'en', speed: 1.2 } as const;
const NOTHING = { audioId: null, isOwnSpeech: () => false };

const task = (kept: Partial<KeptLipSyncInput>, more = {}) =>
  lipSyncTask('old', { details: { lipSync: { ...KEPT, ...kept } }, ...more });

describe('the input of a new attempt', () => {
  it.for([
    ['a video by its URL', {}, NOTHING, { face: { inVideo: { video: { url: 'https://a.test/v.mp4' }, index: 2 } } }],
    [
      'a file',
      { video: { mediaId: 'm', extension: 'mp4' } as const, faceIndex: null },
      NOTHING,
      { face: { inVideo: { video: { mediaId: 'm' }, index: null } } },
    ],
    [
      'the result of a task that is kept',
      { video: { videoId: 'k' }, videoTaskId: 't' },
      { ...NOTHING, findLipSync: (): LipSyncTask => lipSyncTask('t') },
      { face: { inVideo: { video: { task: { id: 't' } }, index: 2 } } },
    ],
    [
      'the result of a task that is deleted',
      { video: { videoId: 'k' }, videoTaskId: 't' },
      { ...NOTHING, findLipSync: (): null => null },
      { face: { inVideo: { video: { klingVideoId: 'k' }, index: 2 } } },
    ],
    [
      'a speech that is made again',
      { audio: {}, speech: SPEECH },
      NOTHING,
      { audio: { speech: { text: 'Hello', klingVoiceId: 'v', language: 'en', speed: 1.2 } } },
    ],
    [
      'a speech that is used again',
      { audio: { audioId: 'a' }, speech: SPEECH },
      { ...NOTHING, audioId: 'a' },
      { audio: { speechId: 'a' } },
    ],
    ['audio that was spoken elsewhere', { audio: { audioId: 'a' } }, NOTHING, { audio: { klingAudioId: 'a' } }],
    [
      'a placement that was left open',
      { placementInput: { cropStartMs: 10, cropEndMs: null, insertAtMs: 20 } },
      NOTHING,
      { placement: { audioStartMs: 10, audioEndMs: null, insertAtMs: 20 } },
    ],
    [
      'a placement that was given',
      { audioDurationHintMs: 4000 },
      NOTHING,
      { placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 500 }, audioDurationMs: 4000, watermark: true },
    ],
  ] as const)('has %s as before', ([, kept, facts, expected], { expect }) => {
    const checked = lipSyncInputOf(task(kept), 'new', facts);
    expect(checked).toMatchObject({ ok: true, value: { externalId: 'new', audioVolume: 0.5, ...expected } });
  });

  it('names a face by its scan, or by the ids of Kling', ({ expect }) => {
    const { faceIndex: _, ...given } = KEPT;
    const byScan = lipSyncTask('old', { faceId: 's:0', details: { lipSync: given } });
    expect(lipSyncInputOf(byScan, null, NOTHING)).toMatchObject({ value: { face: { faceId: 's:0' } } });
    const elsewhere = { ...given, klingFace: { sessionId: '850', faceId: '0' } };
    const byKling = lipSyncTask('old', { details: { lipSync: elsewhere } });
    const face = { klingFace: { klingSessionId: '850', klingFaceId: '0' } };
    expect(lipSyncInputOf(byKling, null, NOTHING)).toMatchObject({ value: { face } });
  });

  it('carries over the notes, the webhook and the limit, and not the external id', ({ expect }) => {
    const webhook = { url: 'https://a.test/hook', endpointId: 'e' };
    const metadata = [{ key: 'a', value: 'b' }];
    const old = lipSyncTask('old', {
      label: 'l',
      unitsMax: '2',
      externalId: 'mine',
      details: { lipSync: KEPT, metadata, webhook },
    });
    expect(lipSyncInputOf(old, null, NOTHING)).toMatchObject({
      value: { label: 'l', metadata, webhookUrl: webhook.url, maxUnits: '2', externalId: null },
    });
  });

  it.for([
    ['base64', lipSyncInputOf(task({ audio: { bytes: 3, sha256: 'f' } }), null, NOTHING)],
    ['version 0.1', lipSyncInputOf(lipSyncTask('old'), null, NOTHING)],
    ['version 0.1, of a voice', voiceInputOf(voiceTask('old'), null)],
  ] as const)('is refused for a task of %s', ([, checked], { expect }) => {
    expect(checked).toMatchObject({ ok: false, issues: [{ path: ['taskId'], code: 'INPUT_NOT_KEPT' }] });
  });

  it('of a voice has its name and its recording', ({ expect }) => {
    const old = voiceTask('old', { details: { voice: { name: 'Ann', sample: { videoId: 'k' } } } });
    expect(voiceInputOf(old, 'new')).toEqual({
      ok: true,
      value: { name: 'Ann', sample: { klingVideoId: 'k' }, externalId: 'new' },
    });
  });
});

const state = (status: TaskStatus, failure: TaskFailure | null = null) => lipSyncTask('old', { status, failure });

describe('a task', () => {
  const rejected: TaskFailure = { code: 'CONTENT_REJECTED', message: 'no' };
  const lost = gatewayFailure('CREATE_OUTCOME_UNKNOWN');

  it.for([
    ['that failed', state('FAILED', rejected), false, false],
    ['that was cancelled', state('CANCELLED'), false, false],
    ['that may be charged, with payAgain', state('FAILED', lost), true, false],
    ['of which a step was lost, with payAgain', state('CANCELLED'), true, true],
  ] as const)('%s may be retried', ([, old, payAgain, isStepLost], { expect }) => {
    expect(() => checkRetry(old, { payAgain, isStepLost })).not.toThrow();
  });

  it.for([
    ['that runs', state('PROCESSING'), true, false, /has not ended/],
    ['that has succeeded', state('SUCCEEDED'), true, false, /has succeeded/],
    ['that may be charged', state('FAILED', lost), false, false, /payAgain.*lost/],
    ['of which a step was lost', state('CANCELLED'), false, true, /payAgain.*lost/],
  ] as const)('%s is a CONFLICT', ([, old, payAgain, isStepLost, message], { expect }) => {
    expect(() => checkRetry(old, { payAgain, isStepLost })).toThrow(message);
  });

  it('is named by the issues of its input', ({ expect }) => {
    const issue = { path: ['input', 'face', 'faceId'], code: 'EXPIRED', message: 'expired' } as const;
    expect(toTaskIssue(issue)).toEqual({
      path: ['taskId'],
      code: 'EXPIRED',
      message: 'cannot be retried: face.faceId expired',
    });
  });
});
