import { describe, it } from 'vitest';
import { lipSyncInput, openStillAccount, readInbox, scan, voiceInput, type TestAccount } from './support.ts';

const voices = '/v1/general/custom-voices';
const lipSyncs = '/v1/videos/advanced-lip-sync';
const withWord = (word: string) => ({
  ...voiceInput,
  voice_url: `https://e.com/${word}.mp3`,
  external_task_id: 'mine',
});
const createdAtOf = async (account: TestAccount) => (await account.record()).tasks[0]?.createdAt ?? null;

describe('a late create', () => {
  it('is not answered, and is carried out lateMs after its client has gone', async ({ expect }) => {
    const account = await openStillAccount('held-open', { lateMs: 300 });
    const url = 'https://receiver.test/held-open/x';
    const response = await account.raw('POST', voices, { ...withWord('sandbox-acts-late'), callback_url: url });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value).trim()).toBe('');
    expect(await createdAtOf(account)).toBeNull();
    expect(await account.get(`${voices}/mine`)).toMatchObject({ code: 1201 });
    expect((await account.record()).requests[0]).toMatchObject({ method: 'POST', code: null, taskId: null });

    const goneAt = Date.now();
    await reader?.cancel();
    await expect.poll(async () => await createdAtOf(account)).not.toBeNull();
    expect(await createdAtOf(account)).toBeGreaterThanOrEqual(goneAt + 300);
    const { requests, requestsByCode, tasks, unitsCharged } = await account.record();
    expect(requestsByCode).toEqual({ none: 1, 1201: 1, 0: 1 });
    expect(requests[0]).toMatchObject({ method: 'POST', code: 0, taskId: tasks[0]?.taskId });
    expect(unitsCharged).toBe(0.05);
    await expect.poll(async () => await readInbox('held-open')).toHaveLength(1);
  });

  it('is carried out lateMs after the sandbox has cut its connection', async ({ expect }) => {
    const account = await openStillAccount('cut', { lateMs: 300 });
    const response = await account.raw('POST', voices, withWord('sandbox-acts-late-cut'));
    const cutAt = Date.now();
    await expect(response.text()).rejects.toThrow();
    await expect.poll(async () => await createdAtOf(account)).not.toBeNull();
    expect(await createdAtOf(account)).toBeGreaterThanOrEqual(cutAt + 300 - 50);
  });

  it('fails without an answer if its external id was taken meanwhile', async ({ expect }) => {
    const account = await openStillAccount('overtaken', { lateMs: 100 });
    const response = await account.raw('POST', voices, withWord('sandbox-acts-late-cut'));
    await account.post(voices, { ...voiceInput, external_task_id: 'mine' });
    await expect(response.text()).rejects.toThrow();
    await expect.poll(async () => (await account.record()).requests[0]?.code).toBe(1201);
    expect((await account.record()).tasks).toHaveLength(1);
  });

  it('can happen at random, and never to reads', async ({ expect }) => {
    const account = await openStillAccount('random', { lateMs: 0, faults: { actsLateCut: 1 } });
    expect((await account.get(voices)).code).toBe(0);
    const response = await account.raw('POST', voices, voiceInput);
    await expect(response.text()).rejects.toThrow();
    await expect.poll(async () => (await account.record()).tasks).toHaveLength(1);
    await account.configure({ faults: { actsLate: 1 } });
    const held = await account.raw('POST', voices, voiceInput);
    await held.body?.cancel();
    await expect.poll(async () => (await account.record()).tasks).toHaveLength(2);
  });
});

describe('external ids', () => {
  it('are refused if repeated, unless the account allows duplicates of the kind', async ({ expect }) => {
    const account = await openStillAccount('unique', { uniqueExternalIds: ['voice'] });
    const lips = lipSyncInput(await scan(account), {}, { external_task_id: 'lips' });
    const first = await account.post(lipSyncs, lips);
    const second = await account.post(lipSyncs, lips);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect((await account.get(`${lipSyncs}/lips`)).data.task_id).toBe(first.data.task_id);
    await account.post(voices, withWord('a'));
    expect((await account.post(voices, withWord('a'))).code).toBe(1201);
    const { tasks, unitsCharged } = await account.record();
    expect(tasks.map(({ externalTaskId }) => externalTaskId)).toEqual(['lips', 'lips', 'mine']);
    expect(unitsCharged).toBe(2.1);

    await account.configure({ uniqueExternalIds: ['voice', 'lip-sync'] });
    expect((await account.post(lipSyncs, lips)).code).toBe(1201);
    expect((await account.configure({ uniqueExternalIds: ['speech'] })).status).toBe(400);
  });
});
