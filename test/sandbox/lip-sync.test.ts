import { describe, it } from 'vitest';
import { lipSyncInput, openAccount, openStillAccount, scan, voiceInput } from './support.ts';

const path = '/v1/videos/advanced-lip-sync';

describe('identify-face', () => {
  it('finds one face, whose reported end is some milliseconds too late', async ({ expect }) => {
    const account = openAccount('faces');
    const reply = await account.post('/v1/videos/identify-face', {
      video_url: 'https://e.com/clip-15s.mp4',
      video_id: '',
    });
    expect(reply.data).toEqual({
      session_id: expect.stringMatching(/^\d{18}$/),
      final_unit_deduction: '0.05',
      face_data: [
        {
          face_id: expect.any(String),
          face_image: expect.stringMatching(/^https:\/\/sandbox\.test\/files\/image\/.*\.png/),
          start_time: 0,
          end_time: 15_013,
        },
      ],
    });
  });
});

describe('lip-sync', () => {
  it('makes a video of the same length, which a scan and a voice accept', async ({ expect }) => {
    const account = await openStillAccount('lips');
    const choice = await scan(account, 'https://e.com/clip-12s.mp4');
    const input = lipSyncInput(
      choice,
      { sound_volume: 2 },
      { external_task_id: 'mine', watermark_info: { enabled: true } },
    );
    const created = await account.post(path, input);
    expect(created.data).toMatchObject({ task_status: 'submitted', created_at: expect.any(Number) });
    const taskId: string = created.data.task_id;
    expect((await account.get(`${path}/mine`)).data.task_id).toBe(taskId);
    await account.advance(taskId, 'succeed');
    const { data } = await account.get(`${path}/${encodeURIComponent(taskId)}`);
    expect(data).toMatchObject({
      task_status: 'succeed',
      task_info: { parent_video: { url: 'https://e.com/clip-12s.mp4' } },
      watermark_info: { enabled: true },
    });
    expect(Number(data.task_info!.parent_video.duration)).toBe(12);
    expect(Number(data.final_unit_deduction)).toBe(1.5);
    const [video] = data.task_result.videos;
    expect(video).toMatchObject({ duration: '12.0', watermark_url: expect.stringContaining('-watermark-12s.mp4') });
    expect((await account.post('/v1/videos/identify-face', { video_id: video.id })).data.face_data[0].end_time).toBe(
      12_013,
    );
    expect((await account.post('/v1/general/custom-voices', { voice_name: 'V', video_id: video.id })).code).toBe(0);
    expect((await account.get(path)).data).toHaveLength(1);
  });

  it('reads no voice task on its endpoint', async ({ expect }) => {
    const account = await openStillAccount('lips-kinds');
    const { data } = await account.post('/v1/general/custom-voices', { ...voiceInput, external_task_id: 'a-voice' });
    expect(await account.get(`${path}/a-voice`)).toMatchObject({ httpStatus: 400, code: 1201 });
    expect((await account.get(`${path}/${encodeURIComponent(data.task_id)}`)).code).toBe(1201);
  });

  it('accepts audio that text-to-speech made', async ({ expect }) => {
    const account = await openStillAccount('lips-speech');
    const speech = await account.post('/v1/audio/tts', {
      text: 'Hello -7s',
      voice_id: 'AOT',
      voice_language: 'en',
      voice_speed: 2,
    });
    expect(speech.data).toMatchObject({ task_status: 'succeed', final_unit_deduction: '0.05' });
    const [audio] = speech.data.task_result.audios;
    expect(audio).toMatchObject({ duration: '7.0', url: expect.stringContaining('/files/audio/') });
    const input = lipSyncInput(await scan(account), { sound_file: '', audio_id: audio.id, sound_end_time: 7000 });
    expect((await account.post(path, input)).code).toBe(0);
    expect(await account.record()).toMatchObject({ unitsCharged: 0.05 + 0.05 + 1 });
  });

  it('measures a WAV in base64', async ({ expect }) => {
    const account = await openStillAccount('lips-wav');
    const choice = await scan(account);
    const audio = { sound_file: createWav(3000), sound_start_time: 500 };
    expect((await account.post(path, lipSyncInput(choice, { ...audio, sound_end_time: 3000 }))).code).toBe(0);
    expect(await account.post(path, lipSyncInput(choice, { ...audio, sound_end_time: 3001 }))).toMatchObject({
      code: 1201,
      message: expect.stringContaining('3000ms'),
    });
  });

  it('refunds its units if it fails, and reports the reason as text', async ({ expect }) => {
    const account = await openStillAccount('lips-failing');
    const { data } = await account.post(path, lipSyncInput(await scan(account)));
    await account.advance(data.task_id, 'failed', 'The model did not detect a human');
    const read = await account.get(`${path}/${encodeURIComponent(data.task_id)}`);
    expect(read.data).toMatchObject({ task_status: 'failed', task_status_msg: 'The model did not detect a human' });
    expect(String(read.data.final_unit_deduction)).toBe('0');
    expect((await account.record()).unitsCharged).toBe(0.05);
  });
});

function createWav(ms: number): string {
  const byteRate = 8000;
  const view = new DataView(new ArrayBuffer(44 + (byteRate * ms) / 1000));
  const text = (at: number, value: string): void => {
    for (let index = 0; index < value.length; index += 1) view.setUint8(at + index, value.charCodeAt(index));
  };
  text(0, 'RIFF');
  view.setUint32(4, view.byteLength - 8, true);
  text(8, 'WAVE');
  text(12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, byteRate, true);
  view.setUint32(28, byteRate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, 'data');
  view.setUint32(40, view.byteLength - 44, true);
  return btoa(Array.from(new Uint8Array(view.buffer), (byte) => String.fromCharCode(byte)).join(''));
}
