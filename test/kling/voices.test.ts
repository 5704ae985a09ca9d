import { describe, it } from 'vitest';
import created from '../fixtures/kling/custom-voice-created.json?raw';
import list from '../fixtures/kling/custom-voice-list.json?raw';
import succeed from '../fixtures/kling/custom-voice-succeed.json?raw';
import deletedWithoutData from '../fixtures/kling/delete-voice-no-data.json?raw';
import deleted from '../fixtures/kling/delete-voice.json?raw';
import presets from '../fixtures/kling/presets-wrapped.json?raw';
import voiceGone from '../fixtures/kling/voice-deleted.json?raw';
import { createUpstream, HOST, IDENTITY, klingErrorOf, NO_IDENTITY, PAGE, VOICE } from './support.ts';

describe('creating a voice', () => {
  it('sends the name, the source and the ids of the task', async ({ expect }) => {
    const { client, requests } = createUpstream([created]);
    const task = await client.createVoiceTask(VOICE, IDENTITY);
    expect(requests[0]).toMatchObject({
      url: `${HOST}/v1/general/custom-voices`,
      init: { method: 'POST', redirect: 'manual', headers: { authorization: 'Bearer key-for-tests' } },
      body: {
        voice_name: 'Custom Voice',
        voice_url: 'https://files.test/voice.mp3',
        external_task_id: 'kgw_01',
        callback_url: 'https://gateway.test/callback/abc',
      },
    });
    expect(task).toEqual({
      klingTaskId: '850087542757535834',
      externalTaskId: 'kgw_01',
      status: 'SUBMITTED',
      klingStatus: 'submitted',
      statusMessage: null,
      createdAtMs: 1722769557708,
      updatedAtMs: 1722769557709,
      unitsDeducted: null,
      balanceDeducted: null,
      klingRequestId: 'req-cv-1',
      voices: [],
    });
  });

  it('omits unset fields', async ({ expect }) => {
    const { client, requests } = createUpstream([created]);
    await client.createVoiceTask({ name: 'V', source: { videoId: '850' } }, NO_IDENTITY);
    expect(requests[0]?.body).toEqual({ voice_name: 'V', video_id: '850' });
  });
});

describe('reading voice tasks', () => {
  it('reads an empty text as null and a time from a string', async ({ expect }) => {
    const { client, requests } = createUpstream([succeed]);
    const task = await client.readVoiceTask('850087542757535834');
    expect(requests[0]?.url).toBe(`${HOST}/v1/general/custom-voices/850087542757535834`);
    expect(task).toMatchObject({
      status: 'SUCCEEDED',
      externalTaskId: null,
      statusMessage: null,
      unitsDeducted: '0.05',
      updatedAtMs: 1722769560000,
      voices: [
        {
          voiceId: '850087542757535999',
          name: 'Custom Voice',
          trialUrl: 'https://p2-kling.klingai.com/trial.mp3',
          owner: 'ACCOUNT',
          ownerId: '21443590',
        },
      ],
    });
  });

  it('returns the requested task if the answer has no id', async ({ expect }) => {
    const { client } = createUpstream([succeed.replace(/"task_id": *"850087542757535834",/, '')]);
    expect(await client.readVoiceTask('850087542757535834')).toMatchObject({
      klingTaskId: '',
      status: 'SUCCEEDED',
      voices: [{ voiceId: '850087542757535999' }],
    });
  });

  it('drops records without an id from a page', async ({ expect }) => {
    const { client, requests } = createUpstream([list]);
    const page = await client.listVoiceTasks(PAGE);
    expect(requests[0]?.url).toBe(`${HOST}/v1/general/custom-voices?pageNum=2&pageSize=30`);
    expect(page.klingRequestId).toBe('req-cv-3');
    expect(page.items).toMatchObject([
      { klingTaskId: 'a1', unitsDeducted: '0.05', voices: [{ voiceId: 'v1', owner: 'KLING', trialUrl: null }] },
      { klingTaskId: 'a2', status: 'FAILED', statusMessage: 'Failure to pass the risk control system', voices: [] },
    ]);
  });
});

describe('preset voices', () => {
  it('are flattened from items with or without task fields', async ({ expect }) => {
    const { client, requests } = createUpstream([presets]);
    const page = await client.listPresetVoices(PAGE);
    expect(requests[0]?.url).toBe(`${HOST}/v1/general/presets-voices?pageNum=2&pageSize=30`);
    const voices = page.items.flatMap((item) => item.voices);
    expect(voices.map(({ name, owner, ownerId }) => [name, owner, ownerId])).toEqual([
      ['Sunny', 'KLING', 'kling'],
      ['Sage', 'KLING', null],
      ['Ace', 'KLING', 'kling'],
    ]);
  });
});

describe('deleting a voice', () => {
  it('returns the task of the deletion', async ({ expect }) => {
    const { client, requests } = createUpstream([deleted]);
    expect(await client.deleteVoice('850087542757535999')).toEqual({
      klingTaskId: '850087542757536000',
      klingStatus: 'succeed',
      klingRequestId: 'req-dv-1',
    });
    expect(requests[0]?.body).toEqual({ voice_id: '850087542757535999' });
  });

  it('succeeds if Kling answers without data', async ({ expect }) => {
    const { client } = createUpstream([deletedWithoutData]);
    expect(await client.deleteVoice('1')).toEqual({ klingTaskId: null, klingStatus: null, klingRequestId: 'req-dv-2' });
  });

  it('throws NOT_FOUND for a voice that is already deleted', async ({ expect }) => {
    const { client } = createUpstream([{ status: 400, body: voiceGone }]);
    const { failure, outcome } = await klingErrorOf(client.deleteVoice('850087542757535999'));
    expect(failure).toMatchObject({ code: 'NOT_FOUND', retryable: false, klingCode: 1201, klingRequestId: 'req-e-3' });
    expect(outcome).toBe('REFUSED');
  });
});
