import { describe, it } from 'vitest';
import created from '../fixtures/kling/lip-sync-created.json?raw';
import emptyList from '../fixtures/kling/lip-sync-list-empty.json?raw';
import processing from '../fixtures/kling/lip-sync-processing.json?raw';
import succeed from '../fixtures/kling/lip-sync-succeed.json?raw';
import unknownStatus from '../fixtures/kling/lip-sync-unknown-status.json?raw';
import unquotedIds from '../fixtures/kling/lip-sync-unquoted-ids.json?raw';
import { createUpstream, HOST, IDENTITY, klingErrorOf, LIP_SYNC, NO_IDENTITY, PAGE } from './support.ts';

describe('creating a lip-sync', () => {
  it('sends one face with its audio and numbers', async ({ expect }) => {
    const { client, requests } = createUpstream([created]);
    const task = await client.createLipSyncTask(LIP_SYNC, IDENTITY);
    expect(requests[0]).toMatchObject({ url: `${HOST}/v1/videos/advanced-lip-sync`, init: { method: 'POST' } });
    expect(requests[0]?.body).toEqual({
      session_id: '850508686686064678',
      face_choose: [
        {
          face_id: '0',
          sound_file: 'https://files.test/sound.mp3',
          sound_start_time: 0,
          sound_end_time: 3000,
          sound_insert_time: 1000,
          sound_volume: 2,
          original_audio_volume: 0,
        },
      ],
      external_task_id: 'kgw_01',
      callback_url: 'https://gateway.test/callback/abc',
    });
    expect(task).toMatchObject({
      klingTaskId: '850508686686064700',
      externalTaskId: null,
      parentVideo: null,
      videos: [],
      watermarkEnabled: null,
    });
  });

  it('sends audio by its id or in base64, and a watermark only if requested', async ({ expect }) => {
    const { client, requests } = createUpstream([created, created]);
    await client.createLipSyncTask({ ...LIP_SYNC, sound: { audioId: 'aud-1' }, watermark: true }, NO_IDENTITY);
    await client.createLipSyncTask({ ...LIP_SYNC, sound: { base64: 'AAAA' } }, NO_IDENTITY);
    expect(requests[0]?.body).toMatchObject({
      face_choose: [{ audio_id: 'aud-1' }],
      watermark_info: { enabled: true },
    });
    expect(requests[0]?.body).not.toHaveProperty('face_choose.0.sound_file');
    expect(requests[1]?.body).toMatchObject({ face_choose: [{ sound_file: 'AAAA' }] });
    expect(requests[1]?.body).not.toHaveProperty('watermark_info');
    expect(requests[1]?.body).not.toHaveProperty('callback_url');
    expect(requests[1]?.body).not.toHaveProperty('external_task_id');
  });
});

describe('reading lip-syncs', () => {
  it('maps every field of a success, with durations as strings or numbers', async ({ expect }) => {
    const { client } = createUpstream([succeed]);
    expect(await client.readLipSyncTask('850508686686064700')).toEqual({
      klingTaskId: '850508686686064700',
      externalTaskId: 'kgw_02',
      status: 'SUCCEEDED',
      klingStatus: 'succeed',
      statusMessage: null,
      createdAtMs: 1722769557708,
      updatedAtMs: 1722769590000,
      unitsDeducted: '0.5',
      balanceDeducted: { quota: '0.07', listPrice: '0.07' },
      klingRequestId: 'req-ls-2',
      parentVideo: {
        videoId: '850508686686064600',
        url: 'https://p1-kling.klingai.com/parent.mp4',
        durationMs: 5100,
      },
      videos: [
        {
          videoId: '850508686686064701',
          url: 'https://p1-kling.klingai.com/out.mp4',
          watermarkUrl: 'https://p1-kling.klingai.com/out-wm.mp4',
          durationMs: 5041,
        },
      ],
      watermarkEnabled: true,
    });
  });

  it.for([
    [{ quota: '0.07' }, { quota: '0.07', listPrice: null }],
    [{ list_price: '0.14' }, { quota: null, listPrice: '0.14' }],
    [{}, null],
  ] as const)('keeps what it knows of a charge in money: %j', async ([sent, kept], { expect }) => {
    const data = { task_id: '7', task_status: 'succeed', final_balance_deduction: sent };
    const { client } = createUpstream([JSON.stringify({ code: 0, data })]);
    expect((await client.readLipSyncTask('7')).balanceDeducted).toEqual(kept);
  });

  it('accepts an empty task_info and task_result', async ({ expect }) => {
    const { client } = createUpstream([processing]);
    expect(await client.readLipSyncTask('1')).toMatchObject({ status: 'PROCESSING', parentVideo: null, videos: [] });
  });

  it('keeps every digit of ids without quotes', async ({ expect }) => {
    const { client } = createUpstream([unquotedIds]);
    expect(await client.readLipSyncTask('1')).toMatchObject({
      klingTaskId: '850508686686064701',
      createdAtMs: 1722769557708,
      parentVideo: { videoId: '850508686686064603', url: null, durationMs: null },
      videos: [{ videoId: '850508686686064705', durationMs: 5100 }],
    });
  });

  it.for(['1e21', '1.2345678901234567e19', '850508686686064701'])(
    'accepts any number as an amount: %s',
    async (amount, { expect }) => {
      const answer = `{"code":0,"data":{"task_id":"7","task_status":"submitted","final_unit_deduction":${amount}}}`;
      const { client } = createUpstream([answer]);
      expect(await client.createLipSyncTask(LIP_SYNC, IDENTITY)).toMatchObject({
        klingTaskId: '7',
        status: 'SUBMITTED',
      });
    },
  );

  it('returns the requested task if the answer has no id', async ({ expect }) => {
    const nameless = succeed.replace('"task_id":"850508686686064700",', '');
    expect(nameless).not.toContain('850508686686064700');
    const { client } = createUpstream([nameless, '{"code":0,"data":{}}', '{"code":0}']);
    const read = () => client.readLipSyncTask('850508686686064700');
    expect(await read()).toMatchObject({
      klingTaskId: '',
      externalTaskId: 'kgw_02',
      status: 'SUCCEEDED',
      createdAtMs: 1722769557708,
      unitsDeducted: '0.5',
      videos: [{ videoId: '850508686686064701' }],
    });
    // An answer without id and status is about no task. The third answer is missing.
    const { failure } = await klingErrorOf(read());
    expect(failure.code).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('keeps an unknown status', async ({ expect }) => {
    const { client } = createUpstream([unknownStatus]);
    const task = await client.readLipSyncTask('1');
    expect([task.status, task.klingStatus]).toEqual(['UNRECOGNIZED', 'reviewing']);
  });

  it('returns an empty page for a list without data', async ({ expect }) => {
    const { client, requests } = createUpstream([emptyList]);
    expect(await client.listLipSyncTasks(PAGE)).toEqual({ items: [], klingRequestId: 'req-ls-6' });
    expect(requests[0]?.url).toBe(`${HOST}/v1/videos/advanced-lip-sync?pageNum=2&pageSize=30`);
  });

  it.for(['a/b?c#d', '../faces', 'ü %2e%2e', '850+50'])(
    'encodes %s as one segment of the path',
    async (id, { expect }) => {
      const { client, requests } = createUpstream([processing]);
      await client.readLipSyncTask(id);
      const { pathname, search } = new URL(requests[0]!.url);
      expect([decodeURIComponent(pathname.slice('/v1/videos/advanced-lip-sync/'.length)), search]).toEqual([id, '']);
      expect(pathname.split('/')).toHaveLength(5);
    },
  );

  it.for(['', '.', '..', '\ud800'])('never sends the id %j, which is not a segment', async (id, { expect }) => {
    const { client, requests } = createUpstream([]);
    const { failure, outcome } = await klingErrorOf(client.readLipSyncTask(id));
    expect([failure.code, outcome, requests.length]).toEqual(['NOT_FOUND', 'REFUSED', 0]);
  });
});
