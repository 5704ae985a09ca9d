import { describe, it } from 'vitest';
import { openAccount, openStillAccount, voiceInput } from './support.ts';

const path = '/v1/general/custom-voices';

describe('custom voices', () => {
  it('are made by a task that both of its ids name, and can be deleted once', async ({ expect }) => {
    const account = await openStillAccount('voices');
    const created = await account.post(path, { ...voiceInput, video_id: '', external_task_id: 'my/1' });
    expect(created).toMatchObject({ httpStatus: 200, code: 0, message: 'SUCCEED', data: { task_status: 'submitted' } });
    const taskId = created.data.task_id;

    const young = await account.get(`${path}/${encodeURIComponent(taskId)}`);
    expect(young.data).toMatchObject({ task_id: taskId, task_status: 'submitted' });
    expect(young.data).not.toHaveProperty('final_unit_deduction');
    expect((await account.advance(taskId, 'processing')).status).toBe(200);
    expect((await account.get(`${path}/my%2F1`)).data.task_status).toBe('processing');
    expect((await account.advance('my/1', 'succeed')).status).toBe(200);

    const { data } = await account.get(`${path}/my%2F1`);
    expect(data.task_status).toBe('succeed');
    expect(String(data.final_unit_deduction)).toBe('0.05');
    const voice = data.task_result.voices[0];
    expect(voice).toMatchObject({ voice_id: expect.stringMatching(/^\d{18}$/), voice_name: 'Ann' });
    expect(voice.owned_by).not.toBe('kling');
    expect(voice.trial_url).toMatch(/^https:\/\/sandbox\.test\/files\/audio\/.*\.mp3/);

    expect(await account.post('/v1/general/delete-voices', { voice_id: voice.voice_id })).toMatchObject({ code: 0 });
    expect(await account.post('/v1/general/delete-voices', { voice_id: voice.voice_id })).toMatchObject({
      httpStatus: 400,
      code: 1201,
      message: expect.stringContaining('already be deleted'),
    });
    expect((await account.get(`${path}/my%2F1`)).data.task_result.voices).toEqual([]);
  });

  it('are made at their times, without a call in between', async ({ expect }) => {
    const account = openAccount('voices-moving');
    await account.configure({ submittedMs: 20, processingMs: 60 });
    const { data } = await account.post(path, voiceInput);
    const read = async () => (await account.get(`${path}/${encodeURIComponent(data.task_id)}`)).data;
    await expect.poll(async () => (await read()).task_status).toBe('succeed');
    expect((await read()).updated_at).toBe(data.created_at + 60);
  });

  it('are refused without a charge if their external id was used before', async ({ expect }) => {
    const account = await openStillAccount('voices-twice');
    await account.post(path, { ...voiceInput, external_task_id: 'once' });
    expect(await account.post(path, { ...voiceInput, external_task_id: 'once' })).toMatchObject({
      httpStatus: 400,
      code: 1201,
      message: 'External_task_id once already exists',
    });
    expect(await account.record()).toMatchObject({ unitsCharged: 0.05, tasks: [{ externalTaskId: 'once' }] });
  });

  it('answer 400 and 1201 with the id if they do not exist', async ({ expect }) => {
    expect(await openAccount('voices-none').get(`${path}/12345`)).toMatchObject({
      httpStatus: 400,
      code: 1201,
      message: 'Task not found by id/external id: 12345',
    });
  });

  it('are listed in pages, newest first', async ({ expect }) => {
    const account = await openStillAccount('voices-list');
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push((await account.post(path, voiceInput)).data.task_id);
    const list = async (query: string) => (await account.list(`${path}${query}`)).data.map(({ task_id: id }) => id);
    expect(await list('')).toEqual(ids.toReversed());
    expect(await list('?pageNum=2&pageSize=2')).toEqual([ids[2], ids[1]]);
    expect(await list('?pageNum=4&pageSize=2')).toEqual([]);
  });
});

describe('preset voices', () => {
  it('are listed one in each item, with or without the fields of a task, and cannot be deleted', async ({ expect }) => {
    const account = openAccount('presets');
    const { data } = await account.list('/v1/general/presets-voices?pageNum=1&pageSize=1000');
    expect(data.length).toBeGreaterThan(30);
    expect(data.every((item) => item.task_result.voices.length === 1)).toBe(true);
    const withTask = data.filter((item) => 'task_id' in item);
    expect(withTask.length).toBeGreaterThan(0);
    expect(withTask.length).toBeLessThan(data.length);
    const voice = data[0]!.task_result.voices[0];
    expect(voice.owned_by).toBe('kling');
    expect((await account.get('/v1/general/presets-voices?pageNum=2&pageSize=1')).data).toHaveLength(1);
    expect(await account.post('/v1/general/delete-voices', { voice_id: voice.voice_id })).toMatchObject({
      code: 1201,
      message: expect.stringContaining('custom voices'),
    });
  });
});
