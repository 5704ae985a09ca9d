import { describe, it } from 'vitest';
import { openAccount, openStillAccount, voiceInput, type Data } from './support.ts';

const voices = '/v1/general/custom-voices';
const distinct = (values: readonly unknown[]): number => new Set(values.map((value) => JSON.stringify(value))).size;

describe('concurrency', () => {
  it('is five by default: a sixth task answers 429 and 1303 until a slot is free', async ({ expect }) => {
    const account = openAccount('slots');
    await account.configure({ submittedMs: 100_000_000, processingMs: 200_000_000 });
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push((await account.post(voices, voiceInput)).data.task_id);
    expect(await account.post(voices, voiceInput)).toMatchObject({
      httpStatus: 429,
      code: 1303,
      message: 'parallel task over resource pack limit',
    });
    await account.advance(ids[0]!, 'processing');
    expect((await account.post(voices, voiceInput)).code).toBe(1303);
    await account.advance(ids[0]!, 'failed');
    expect((await account.post(voices, voiceInput)).code).toBe(0);
    expect(await account.record()).toMatchObject({ inFlightMax: 5, tasks: { length: 6 }, unitsCharged: 0.25 });
  });
});

describe('units', () => {
  it('make every paid call answer 429 and 1102 without effect if they are used up', async ({ expect }) => {
    const account = await openStillAccount('units', { units: 0.12 });
    expect((await account.post(voices, voiceInput)).code).toBe(0);
    expect((await account.post('/v1/videos/identify-face', { video_url: 'https://e.com/a.mp4' })).code).toBe(0);
    const refusal = { httpStatus: 429, code: 1102, message: 'Account balance not enough' };
    expect(await account.post(voices, voiceInput)).toMatchObject(refusal);
    expect(await account.post('/v1/videos/identify-face', { video_url: 'https://e.com/a.mp4' })).toMatchObject(refusal);
    expect(await account.post('/v1/audio/tts', { text: 'x', voice_id: 'AOT', voice_language: 'en' })).toMatchObject(
      refusal,
    );
    expect(await account.record()).toMatchObject({ unitsCharged: 0.1, tasks: { length: 1 } });
  });

  it('are reported by /account/costs, once a second', async ({ expect }) => {
    const account = await openStillAccount('costs');
    await account.post(voices, voiceInput);
    const path = `/account/costs?start_time=0&end_time=${Date.now() + 1000}`;
    const first = await account.get(path);
    expect(first.data).toMatchObject({ code: 0, msg: 'SUCCEED' });
    expect(first.data.resource_pack_subscribe_infos).toEqual([
      expect.objectContaining({ total_quantity: 1000, remaining_quantity: 999.95, status: 'online' }),
    ]);
    expect(await account.get(path)).toMatchObject({ httpStatus: 429, code: 1302 });
    expect((await account.get('/account/costs?start_time=1')).code).toBe(1201);
    expect((await account.get('/account/costs?start_time=2&end_time=1')).code).toBe(1201);
  });
});

describe('GET /tasks', () => {
  it('returns up to 20 tasks of both kinds in one shape and leaves out unknown ids', async ({ expect }) => {
    const account = await openStillAccount('newer');
    const { data } = await account.post(voices, { ...voiceInput, external_task_id: 'mine' });
    await account.advance(data.task_id, 'succeed');
    const ids = [data.task_id, 'unknown', 'mine'].map((id) => encodeURIComponent(id)).join(',');
    expect((await account.get(`/tasks?task_ids=${ids}`)).data).toEqual([
      {
        id: data.task_id,
        status: 'succeeded',
        message: '',
        create_time: data.created_at,
        update_time: expect.any(Number),
        external_id: 'mine',
        outputs: [{ type: 'voice', id: expect.any(String), name: 'Ann', url: expect.any(String) }],
        billing: [{ type: 'unit', amount: '0.05' }],
      },
    ]);
    expect((await account.get(`/tasks?task_ids=${Array(20).fill('1').join(',')}`)).code).toBe(0);
    expect((await account.get(`/tasks?task_ids=${Array(21).fill('1').join(',')}`)).code).toBe(1201);
    expect((await account.get('/tasks')).code).toBe(1201);
  });
});

describe('answers of the sandbox', () => {
  it('vary as those of Kling, in ids, task_info, unfinished results and deductions', async ({ expect }) => {
    const account = await openStillAccount('shapes');
    const created: Data[] = [];
    for (let n = 0; n < 64; n += 1) created.push((await account.post(voices, voiceInput)).data);
    const ids = created.map(({ task_id: id }) => id);
    expect(ids.filter((id) => /^\d{18}$/.test(id)).length).toBe(48);
    expect(ids.filter((id) => /^[0-9a-f-]{36}$/.test(id)).length).toBe(8);
    expect(ids.filter((id) => id.endsWith('==')).length).toBe(8);
    expect(distinct(created.map((task) => task.task_info))).toBe(3);
    expect(created.some((task) => task.task_info?.external_task_id === '')).toBe(true);
    const read = async () => (await account.list(`${voices}?pageSize=64`)).data;
    const young = await read();
    expect(distinct(young.map((task) => task.task_result))).toBe(2);
    expect(distinct(young.map((task) => task.task_status_msg))).toBe(2);
    expect(young.some((task) => 'final_unit_deduction' in task)).toBe(false);
    for (const id of ids) await account.advance(id, 'succeed');
    const done = await read();
    expect(new Set(done.map((task) => task.final_unit_deduction))).toEqual(new Set(['0.05', 0.05]));
    expect(distinct(done.map((task) => task.final_balance_deduction))).toBe(2);
    const deletions: boolean[] = [];
    for (const task of done.slice(0, 16)) {
      const reply = await account.post('/v1/general/delete-voices', { voice_id: task.task_result.voices[0].voice_id });
      deletions.push('data' in reply);
    }
    expect(new Set(deletions)).toEqual(new Set([true, false]));
  });
});
