import { describe, it } from 'vitest';
import callbackNewer from '../fixtures/kling/callback-newer.json?raw';
import callbackV1 from '../fixtures/kling/callback-v1.json?raw';
import innerRefusal from '../fixtures/kling/resource-packs-inner-refusal.json?raw';
import packs from '../fixtures/kling/resource-packs.json?raw';
import speechFailed from '../fixtures/kling/speech-failed.json?raw';
import voiceNotFound from '../fixtures/kling/speech-voice-not-found.json?raw';
import speech from '../fixtures/kling/speech.json?raw';
import tasks from '../fixtures/kling/tasks-newer.json?raw';
import { parseCallback, parseCallbackBody, toLipSyncSnapshot } from '../../src/kling/tasks.ts';
import { recordOf } from '../../src/kling/envelope.ts';
import { createUpstream, HOST, klingErrorOf, SPEECH } from './support.ts';

describe('text to speech', () => {
  it('sends the text and the speed as a number, and returns the audio', async ({ expect }) => {
    const { client, requests } = createUpstream([speech]);
    expect(await client.synthesizeSpeech(SPEECH)).toEqual({
      audioId: 'aud-1',
      url: 'https://p1-kling.klingai.com/a.mp3',
      durationMs: 3204,
      klingTaskId: 'tts-1',
      klingStatus: 'succeed',
      lastReport: { statusMessage: null, createdAtMs: 1722769557708, updatedAtMs: 1722769557708 },
      unitsDeducted: '0.05',
      createdAtMs: 1722769557708,
      klingRequestId: 'req-tts-1',
    });
    expect(requests[0]?.url).toBe(`${HOST}/v1/audio/tts`);
    expect(requests[0]?.body).toEqual({
      text: 'Hello',
      voice_id: 'oversea_male1',
      voice_language: 'en',
      voice_speed: 1.2,
    });
  });

  it('keeps audio without a URL, because it is paid for and a lip-sync can use it', async ({ expect }) => {
    const audio = { id: 'aud-1', duration: '3.2' };
    const { client } = createUpstream([JSON.stringify({ code: 0, data: { task_result: { audios: [audio] } } })]);
    expect(await client.synthesizeSpeech(SPEECH)).toMatchObject({ audioId: 'aud-1', url: null, durationMs: 3200 });
  });

  it('throws for an answer without audio, which may be charged', async ({ expect }) => {
    const { client } = createUpstream([
      '{"code":0,"data":{"task_result":{"audios":[{"url":"https://a.test/a.mp3"}]}}}',
    ]);
    const { failure, outcome } = await klingErrorOf(client.synthesizeSpeech(SPEECH));
    expect([failure.code, outcome]).toEqual(['UPSTREAM_UNAVAILABLE', 'UNKNOWN']);
  });

  it('throws NOT_FOUND for an unknown voice, and names the language as a likely cause', async ({ expect }) => {
    const { client } = createUpstream([{ status: 400, body: voiceNotFound }]);
    const { failure } = await klingErrorOf(client.synthesizeSpeech(SPEECH));
    expect(failure).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('the language asked for') });
  });

  it('throws with the reason if Kling accepted the text and failed', async ({ expect }) => {
    const { client } = createUpstream([speechFailed]);
    const { failure, outcome } = await klingErrorOf(client.synthesizeSpeech(SPEECH));
    expect(failure.message).toBe(
      'Kling made no sound of this text. Kling says: Failure to pass the risk control system',
    );
    expect([failure.retryable, outcome]).toEqual([false, 'UNKNOWN']);
  });
});

describe('resource packs', () => {
  it('are read from the double envelope', async ({ expect }) => {
    const { client, requests } = createUpstream([packs]);
    const page = await client.listResourcePacks({ startMs: 1, endMs: 2 });
    expect(requests[0]?.url).toBe(`${HOST}/account/costs?start_time=1&end_time=2`);
    expect(page.items).toMatchObject([
      { packId: '509f3fd3d4f4a3fe9eaf1b1b', totalUnits: '200', remainingUnits: '118.5', klingStatus: 'expired' },
      { effectiveAtMs: null, expiresAtMs: null, klingStatus: 'toBeOnline' },
    ]);
  });

  it('are read again after a refusal in the inner envelope', async ({ expect }) => {
    const { client, waitsMs } = createUpstream([innerRefusal, packs]);
    expect((await client.listResourcePacks({ startMs: 1, endMs: 2 })).items).toHaveLength(2);
    expect(waitsMs).toHaveLength(1);
  });
});

describe('readTasks', () => {
  it('reads tasks in the shape of the newer API', async ({ expect }) => {
    const { client, requests } = createUpstream([tasks]);
    const read = await client.readTasks(['933557962801545273', '933557962801545274', 'a,b']);
    expect(requests[0]?.url).toBe(`${HOST}/tasks?task_ids=933557962801545273,933557962801545274,a%2Cb`);
    expect(read).toMatchObject([
      {
        status: 'SUCCEEDED',
        klingStatus: 'succeeded',
        externalTaskId: 'kgw_03',
        unitsDeducted: '3',
        createdAtMs: 1781080778802,
        outputs: [{ type: 'video', id: 'o1', url: 'https://p1-kling.klingai.com/o.mp4', durationMs: 5041 }],
      },
      { klingTaskId: '933557962801545274', status: 'PROCESSING', outputs: [], unitsDeducted: null },
    ]);
  });

  it('sends nothing without ids, with too many, or without an API key', async ({ expect }) => {
    const withKey = createUpstream([]);
    expect(await withKey.client.readTasks([])).toEqual([]);
    const tooMany = await klingErrorOf(withKey.client.readTasks(Array.from({ length: 21 }, String)));
    expect(tooMany.failure.code).toBe('BAD_USER_INPUT');
    expect(withKey.requests).toHaveLength(0);

    const withoutKey = createUpstream([], { credentials: { accessKey: 'ak', secretKey: 'sk' } });
    const { failure, outcome } = await klingErrorOf(withoutKey.client.readTasks(['1']));
    expect([failure.code, outcome]).toEqual(['UPSTREAM_MISCONFIGURED', 'REFUSED']);
    expect(withoutKey.requests).toHaveLength(0);
  });
});

describe('parseCallback', () => {
  it('reads the record of a task', ({ expect }) => {
    const json = parseCallbackBody(callbackV1);
    expect(parseCallback(json)).toEqual({
      shape: 'V1',
      klingTaskId: '850508686686064700',
      externalTaskId: 'kgw_02',
      status: 'SUCCEEDED',
      klingStatus: 'succeed',
      statusMessage: null,
      createdAtMs: 1722769557708,
      updatedAtMs: 1722769590000,
      unitsDeducted: '0.5',
      balanceDeducted: null,
      klingRequestId: null,
    });
    expect(toLipSyncSnapshot(recordOf(json), null).videos[0]?.videoId).toBe('850508686686064701');
  });

  it('reads the shape of the console’s test callback', ({ expect }) => {
    expect(parseCallback(parseCallbackBody(callbackNewer))).toMatchObject({
      shape: 'NEWER',
      klingTaskId: '1234567890',
      externalTaskId: null,
      status: 'SUCCEEDED',
      updatedAtMs: 1781080794151,
    });
  });

  it('keeps every digit of an id without quotes', ({ expect }) => {
    expect(parseCallback(parseCallbackBody('{"task_id":850508686686064701}'))?.klingTaskId).toBe('850508686686064701');
  });

  it.for(['1e21', '1.2345678901234567e19', '-1E30', '9007199254740993.0'])(
    'keeps an id that is written as %s',
    (id, { expect }) => {
      expect(parseCallback(parseCallbackBody(`{"task_id":${id}}`))?.klingTaskId).toBe(id);
    },
  );

  it.for(['null', '[]', '"x"', '{}', '{"task_id":""}', '{"task_id":', '', '17', '{"id":{}}'])(
    'returns null for a body without a task: %s',
    (body, { expect }) => {
      expect(parseCallback(parseCallbackBody(body))).toBeNull();
    },
  );
});
