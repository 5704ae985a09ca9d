import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { openAccount, openStillAccount, readInbox, send, voiceInput } from './support.ts';

const voices = '/v1/general/custom-voices';
const scans = '/v1/videos/identify-face';
const speeches = '/v1/audio/tts';

describe('the record of an account', () => {
  it('counts every call by route and lists requests and tasks', async ({ expect }) => {
    const account = await openStillAccount('record');
    const { data, request_id: requestId } = await account.post(voices, { ...voiceInput, external_task_id: 'mine' });
    await account.get(`${voices}/mine`);
    await account.get(`${voices}/other`);
    await account.get('/v1/nothing');
    expect(await account.record()).toMatchObject({
      requestCount: 4,
      requestsByRoute: { [`POST ${voices}`]: 1, [`GET ${voices}/:id`]: 2, other: 1 },
      requestsByCode: { 0: 2, 1201: 1, 1203: 1 },
      requests: [
        {
          method: 'POST',
          path: voices,
          code: 0,
          httpStatus: 200,
          requestId,
          taskId: data.task_id,
          at: expect.any(Number),
        },
        { method: 'GET', path: `${voices}/mine`, code: 0, httpStatus: 200, taskId: data.task_id },
        { path: `${voices}/other`, code: 1201, httpStatus: 400, taskId: null },
        { path: '/v1/nothing', code: 1203, httpStatus: 404 },
      ],
      tasks: [
        {
          taskId: data.task_id,
          externalTaskId: 'mine',
          kind: 'voice',
          status: 'submitted',
          units: 0.05,
          createdAt: data.created_at,
        },
      ],
      callbacks: [],
      inFlightMax: 1,
      unitsCharged: 0.05,
    });
  });

  it('lists every scan and speech with its source, its answer, and whether it was carried out', async ({ expect }) => {
    const account = await openStillAccount('paid-calls', { lateMs: 0 });
    const speech = { voice_id: 'oversea_male1', voice_language: 'en' };
    await account.post(scans, { video_url: 'https://e.com/a.mp4' });
    await account.post(scans, { video_id: 'unknown' });
    await account.post(speeches, { ...speech, text: 'Hello sandbox-error-after' });
    await account.post(speeches, { ...speech, text: 'Hello sandbox-error-1302' });
    await (await account.raw('POST', scans, { video_url: 'https://e.com/sandbox-cut-off.mp4' })).text();
    const late = await account.raw('POST', scans, { video_url: 'https://e.com/sandbox-acts-late-cut.mp4' });
    await expect(late.text()).rejects.toThrow();
    await account.post(speeches, 'no JSON');
    await expect.poll(async () => (await account.record()).paidCalls[5]?.isMade).toBe(true);
    expect((await account.record()).paidCalls).toEqual(
      [
        { path: scans, source: 'https://e.com/a.mp4', code: 0, isMade: true },
        { path: scans, source: 'unknown', code: 1201, isMade: false },
        { path: speeches, source: 'Hello sandbox-error-after', code: 5000, isMade: true },
        { path: speeches, source: 'Hello sandbox-error-1302', code: 1302, isMade: false },
        { path: scans, source: 'https://e.com/sandbox-cut-off.mp4', code: null, isMade: true },
        { path: scans, source: 'https://e.com/sandbox-acts-late-cut.mp4', code: null, isMade: true },
        { path: speeches, source: null, code: 1200, isMade: false },
      ].map((call) => ({ ...call, at: expect.any(Number) })),
    );
  });

  it('is empty again after a wipe', async ({ expect }) => {
    const account = await openStillAccount('wiped');
    await account.post(voices, voiceInput);
    expect((await account.control('DELETE', '')).status).toBe(204);
    expect(await account.record()).toMatchObject({ requestCount: 0, tasks: [], callbacks: [], unitsCharged: 0 });
    expect((await account.post(voices, voiceInput)).code).toBe(0);
  });
});

describe('the state of an account', () => {
  it('survives the loss of the object, with its queued callbacks', async ({ expect }) => {
    const account = await openStillAccount('evicted', { submittedMs: 300, processingMs: 400 });
    const url = 'https://receiver.test/evicted/x';
    await account.post(voices, { ...voiceInput, external_task_id: 'mine', callback_url: url });
    await expect.poll(async () => await readInbox('evicted')).toHaveLength(1);
    await evictDurableObject(env.SANDBOX_ACCOUNT.getByName(account.key));
    await expect.poll(async () => await readInbox('evicted')).toHaveLength(3);
    expect((await account.get(`${voices}/mine`)).data.task_status).toBe('succeed');
  });
});

describe('the settings of an account', () => {
  it('are refused with all problems at once, each with its field', async ({ expect }) => {
    const account = openAccount('settings');
    const bad = await account.configure({
      submittedMs: -1,
      units: '5',
      nonsense: 1,
      webhookSecrets: ['a'],
      callbackOriginRewrite: 'https://e.com/path',
      faults: { dropCallback: 2, other: 1 },
    });
    expect(bad.status).toBe(400);
    const { problems } = await bad.json<{ problems: string[] }>();
    const fields = problems.map((text) => text.split(':')[0]);
    expect(fields).toEqual([
      'submittedMs',
      'units',
      'nonsense',
      'webhookSecrets',
      'callbackOriginRewrite',
      'faults.dropCallback',
      'faults.other',
    ]);
    expect((await account.configure([])).status).toBe(400);
    const good = await account.configure({ units: 2.5, faults: { seed: 7, errorAfter: 0.5 } });
    expect(await good.json()).toMatchObject({
      units: 2.5,
      submittedMs: 1000,
      faults: { seed: 7, errorAfter: 0.5, readError: 0 },
    });
  });
});

describe('moving a task by hand', () => {
  it('refuses an unknown task, a wrong status and a task that has ended', async ({ expect }) => {
    const account = await openStillAccount('advance');
    await account.post(voices, { ...voiceInput, external_task_id: 'mine' });
    expect((await account.advance('other', 'failed')).status).toBe(404);
    expect((await account.advance('mine', 'submitted')).status).toBe(400);
    expect((await account.advance('mine', 'failed')).status).toBe(200);
    expect((await account.advance('mine', 'failed')).status).toBe(200);
    expect((await account.advance('mine', 'succeed')).status).toBe(409);
    expect((await account.get(`${voices}/mine`)).data.task_status_msg).toBe('Internal error');
  });
});

const codes = async (name: string, faults: Record<string, number>, method: 'get' | 'post' = 'post') => {
  const account = await openStillAccount(name, { faults });
  const seen: number[] = [];
  for (let n = 0; n < 40; n += 1) {
    seen.push((method === 'post' ? await account.post(voices, voiceInput) : await account.get(voices)).code);
  }
  return { seen, record: await account.record() };
};

const run = async (box: string, faults: Record<string, number>) => {
  const account = await openStillAccount(box, { submittedMs: 10, processingMs: 20, faults });
  await account.post(voices, { ...voiceInput, callback_url: `https://receiver.test/${box}/x` });
  return account;
};

describe('random faults', () => {
  it('repeat for the same seed and differ for another seed', async ({ expect }) => {
    const faults = { errorBefore: 0.3, timeoutAfter: 0.3, tooManyRequests: 0.2 };
    const one = await codes('dice-one', { seed: 1, ...faults });
    const same = await codes('dice-same', { seed: 1, ...faults });
    const other = await codes('dice-other', { seed: 2, ...faults });
    expect(one.seen).toEqual(same.seen);
    expect(one.seen).not.toEqual(other.seen);
    expect(new Set(one.seen)).toEqual(new Set([0, 1302, 5000, 5002]));
    expect(one.record.tasks).toHaveLength(one.seen.filter((code) => code === 0 || code === 5002).length);
  });

  it('with a probability of 1 affect every call', async ({ expect }) => {
    expect(new Set((await codes('dice-read', { readError: 1 }, 'get')).seen)).toEqual(new Set([5000]));
    expect((await codes('dice-after', { errorAfter: 1 })).record.tasks).toHaveLength(40);
    expect((await codes('dice-before', { errorBefore: 1 })).record.tasks).toHaveLength(0);
  });

  it('affect callbacks', async ({ expect }) => {
    await run('dice-duplicate', { duplicateCallback: 1, delayCallbackMs: 50 });
    await run('dice-forge', { forgeCallback: 1 });
    await run('dice-reorder', { reorderCallback: 1 });
    const dropping = await run('dice-drop', { dropCallback: 1 });
    await expect.poll(async () => await readInbox('dice-duplicate')).toHaveLength(6);
    await expect.poll(async () => await readInbox('dice-forge')).toHaveLength(9);
    await expect
      .poll(async () => (await readInbox('dice-reorder')).map(({ body }) => JSON.parse(body).task_status))
      .toEqual(['succeed', 'processing', 'submitted']);
    await expect.poll(async () => (await dropping.record()).callbacks).toHaveLength(3);
    expect(await readInbox('dice-drop')).toEqual([]);
  });
});

describe('the control endpoints', () => {
  it('report health and refuse unknown paths and accounts', async ({ expect }) => {
    expect(await (await send('GET', '/sandbox/health')).json()).toEqual({ status: 'ok' });
    for (const path of ['nothing', 'accounts', 'accounts/nobody/record', 'accounts/sandbox-api-key/nothing']) {
      expect((await send('GET', `/sandbox/${path}`)).status).toBe(404);
    }
  });
});
