import { env } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { businessCodes } from '../../src/sandbox/envelope.ts';
import { lipSyncInput, openAccount, openStillAccount, origin, scan, voiceInput, type TestAccount } from './support.ts';

const voices = '/v1/general/custom-voices';
const withWord = (word: string) => ({ ...voiceInput, voice_url: `https://e.com/${word}.mp3` });
const firstTask = async (account: TestAccount) => (await account.record()).tasks[0];

describe('sandbox-error-<code>', () => {
  it.for(Object.entries(businessCodes))(
    'answers %s with its status and text, and creates nothing',
    async ([code, row], { expect }) => {
      const account = openAccount('errors');
      const expected = { httpStatus: row.httpStatus, code: Number(code), message: row.message };
      expect(await account.post(voices, withWord(`sandbox-error-${code}`))).toMatchObject(expected);
      expect(await account.get(`${voices}/sandbox-error-${code}`)).toMatchObject(expected);
      expect(await account.get(`${voices}?pageNum=1&why=sandbox-error-${code}`)).toMatchObject(expected);
      expect(await account.post(voices, withWord(`sandbox-http-200-error-${code}`))).toMatchObject({
        ...expected,
        httpStatus: 200,
      });
      expect(await openAccount(`error-${code}`).get(voices)).toMatchObject(expected);
      expect((await account.record()).tasks).toEqual([]);
    },
  );

  it('has no effect if Kling has no such code', async ({ expect }) => {
    expect((await openAccount('no-errors').get(`${voices}?x=sandbox-error-9999`)).code).toBe(0);
    expect((await openAccount('no-errors').get(`${voices}?x=sandbox-htmlx`)).code).toBe(0);
  });
});

describe('scenario words for a refused create', () => {
  it.for([
    ['content-rejected', 400, 1301],
    ['pack-exhausted', 429, 1102],
    ['rate-limited', 429, 1302],
    ['parallel-limit', 429, 1303],
  ] as const)('sandbox-%s answers %i and %i', async ([word, httpStatus, code], { expect }) => {
    const account = openAccount('refusals');
    expect(await account.post(voices, withWord(`sandbox-${word}`))).toMatchObject({ httpStatus, code });
    expect((await account.record()).tasks).toEqual([]);
  });
});

describe('scenario words for the course of a task', () => {
  it.for([
    ['risk-control', 'Failure to pass the risk control system'],
    ['no-human', 'The model did not detect a human'],
    ['internal-failure', 'Internal error'],
  ] as const)('sandbox-%s fails the task with "%s"', async ([word, message], { expect }) => {
    const account = openAccount(`failing-${word}`);
    await account.configure({ submittedMs: 0, processingMs: 0 });
    const choice = await scan(account, `https://e.com/sandbox-${word}.mp4`);
    await account.post(voices, { ...withWord(`sandbox-${word}`), external_task_id: 'voice' });
    await account.post('/v1/videos/advanced-lip-sync', lipSyncInput(choice, {}, { external_task_id: 'lips' }));
    const expected = { task_status: 'failed', task_status_msg: message };
    await expect.poll(async () => (await account.get(`${voices}/voice`)).data).toMatchObject(expected);
    await expect
      .poll(async () => (await account.get('/v1/videos/advanced-lip-sync/lips')).data)
      .toMatchObject(expected);
  });

  it('sandbox-never-ends never ends the task, sandbox-unknown-status gives it an unknown status', async ({
    expect,
  }) => {
    const account = openAccount('odd-tasks');
    await account.configure({ submittedMs: 0, processingMs: 0 });
    await account.post(voices, { ...withWord('sandbox-never-ends'), external_task_id: 'never' });
    await account.post(voices, {
      ...withWord('sandbox-never-ends-sandbox-unknown-status'),
      external_task_id: 'unknown',
    });
    await account.post(voices, { ...withWord('sandbox-unknown-status'), external_task_id: 'ending' });
    const status = async (id: string) => (await account.get(`${voices}/${id}`)).data.task_status;
    await expect.poll(async () => await status('never')).toBe('processing');
    await expect.poll(async () => await status('unknown')).toBe('in_review');
    await expect.poll(async () => await status('ending')).toBe('succeed');
    expect(await status('never')).toBe('processing');
    expect((await account.advance('never', 'failed')).status).toBe(200);
  });

  it('sandbox-slow-task takes ten times as long', async ({ expect }) => {
    const account = openAccount('slow-task');
    await account.configure({ submittedMs: 5, processingMs: 30 });
    const { data } = await account.post(voices, { ...withWord('sandbox-slow-task'), external_task_id: 'slow' });
    const read = async () => (await account.get(`${voices}/slow`)).data;
    await expect.poll(async () => (await read()).task_status).toBe('succeed');
    expect((await read()).updated_at - data.created_at).toBe(300);
  });
});

const scanWord = async (word: string) =>
  await openAccount('faces-words').post('/v1/videos/identify-face', { video_url: `https://e.com/${word}.mp4` });

describe('scenario words for face scans', () => {
  it('sandbox-no-face finds no face, sandbox-no-face-error refuses the scan', async ({ expect }) => {
    expect(await scanWord('sandbox-no-face')).toMatchObject({ code: 0, data: { face_data: [] } });
    expect(await scanWord('sandbox-no-face-error')).toMatchObject({
      httpStatus: 400,
      code: 1201,
      message: 'there is no human in the video',
    });
  });

  it('sandbox-two-faces finds two faces, sandbox-face-zero one with the id 0', async ({ expect }) => {
    expect((await scanWord('sandbox-two-faces')).data.face_data).toHaveLength(2);
    expect((await scanWord('sandbox-face-zero')).data.face_data[0].face_id).toBe('0');
    const both = (await scanWord('sandbox-face-zero-sandbox-two-faces')).data.face_data;
    expect(both.map((face) => face.face_id)).toEqual(['0', expect.stringMatching(/^\d{18}$/)]);
  });

  it('sandbox-expired creates sessions and audio that have already expired', async ({ expect }) => {
    const account = await openStillAccount('too-old');
    const lips = '/v1/videos/advanced-lip-sync';
    const old = await scan(account, 'https://e.com/sandbox-expired.mp4');
    expect(await account.post(lips, lipSyncInput(old))).toMatchObject({
      code: 1201,
      message: expect.stringContaining('expired'),
    });
    const speech = await account.post('/v1/audio/tts', {
      text: 'sandbox-expired',
      voice_id: 'AOT',
      voice_language: 'en',
    });
    const audioId = speech.data.task_result.audios[0].id;
    const input = lipSyncInput(await scan(account), { sound_file: null, audio_id: audioId });
    expect(await account.post(lips, input)).toMatchObject({ code: 1201, message: expect.stringContaining('30 days') });
  });
});

describe('scenario words for lost answers', () => {
  it.for([
    ['error-after', 500, 5000],
    ['timeout-after', 504, 5002],
  ] as const)('sandbox-%s creates the task and answers %i and %i', async ([word, httpStatus, code], { expect }) => {
    const account = await openStillAccount(`lost-${word}`);
    const id = `my-sandbox-${word}`;
    expect(await account.post(voices, { ...voiceInput, external_task_id: id })).toMatchObject({ httpStatus, code });
    expect(await account.get(`${voices}/${id}`)).toMatchObject({ code: 0, data: { task_status: 'submitted' } });
    expect(await account.post(voices, { ...voiceInput, external_task_id: id })).toMatchObject({ code: 1201 });
    expect((await account.record()).requests[0]).toMatchObject({ code, taskId: (await firstTask(account))!.taskId });
  });

  it('sandbox-hang-after creates the task and waits a minute', async ({ expect }) => {
    const account = await openStillAccount('lost-hang');
    const answer = await env.SANDBOX_ACCOUNT.getByName(account.key).exchange({
      method: 'POST',
      origin,
      path: voices,
      search: '',
      body: JSON.stringify(withWord('sandbox-hang-after')),
      credential: 'api-key',
      source: null,
      refusal: null,
    });
    expect(answer).toMatchObject({ httpStatus: 504, delayMs: 60_000 });
    expect(await firstTask(account)).toMatchObject({ status: 'submitted' });
  });

  it('sandbox-html answers with the page of a proxy, sandbox-cut-off with half a body', async ({ expect }) => {
    const account = await openStillAccount('lost-body');
    const html = await account.raw('POST', voices, withWord('sandbox-html'));
    expect([html.status, html.headers.get('content-type')]).toEqual([502, 'text/html']);
    const cut = await account.raw('POST', voices, withWord('sandbox-cut-off'));
    const text = await cut.text();
    expect(cut.status).toBe(200);
    expect(() => JSON.parse(text)).toThrow();
    expect(text).toMatch(/^\{"code":0/);
    expect((await account.record()).tasks).toHaveLength(2);
  });
});

describe('other scenario words', () => {
  it('sandbox-number-id writes ids as numbers in every answer about the task', async ({ expect }) => {
    const account = await openStillAccount('number-id');
    const created = await (
      await account.raw('POST', voices, { ...withWord('sandbox-number-id'), external_task_id: 'n' })
    ).text();
    const id = /"task_id":(\d{18}),/.exec(created)?.[1];
    expect(id).toBe((await firstTask(account))!.taskId);
    await account.advance('n', 'succeed');
    expect(await (await account.raw('GET', `${voices}/n`)).text()).toMatch(
      new RegExp(`"task_id":${id},.*"voice_id":\\d{18},`),
    );
    expect(await (await account.raw('GET', voices)).text()).toContain(`"task_id":${id},`);
  });

  it('sandbox-flaky-<n> fails n times for the same text', async ({ expect }) => {
    const account = await openStillAccount('flaky');
    const codes = async (path: string) => {
      const seen: number[] = [];
      for (let n = 0; n < 3; n += 1) seen.push((await account.get(path)).code);
      return seen;
    };
    await account.post(voices, { ...voiceInput, external_task_id: 'one-sandbox-flaky-2' });
    expect(await codes(`${voices}/one-sandbox-flaky-2`)).toEqual([5000, 1201, 1201]);
    expect(await codes(`${voices}/two-sandbox-flaky-2`)).toEqual([5000, 5000, 1201]);
    expect(await codes(`${voices}?x=sandbox-flaky-1-list`)).toEqual([5000, 0, 0]);
  });

  it('sandbox-slow answers after 3 s', async ({ expect }) => {
    const start = Date.now();
    expect((await openAccount('slow').get(voices)).code).toBe(0);
    expect(Date.now() - start).toBeGreaterThanOrEqual(2990);
  });
});
