import { describe, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { signMessage } from '../../src/sandbox/outbox.ts';
import type { Received } from './receiver.ts';
import { lipSyncInput, openStillAccount, readInbox, scan, voiceInput } from './support.ts';

const voices = '/v1/general/custom-voices';
const firstSecret = 'whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=';
const secondSecret = 'whsec_c2Vjb25kc2VjcmV0c2Vjb25kc2VjcmV0c2Vjb25k';

const to = (box: string, query = ''): string => `https://receiver.test/${box}/token${query}`;
const statuses = (inbox: readonly Received[]): string[] => inbox.map(({ body }) => JSON.parse(body).task_status);

/** Creates a voice task and moves it to its end by hand. */
async function runVoice(box: string, word = '', query = '', settings: Record<string, unknown> = {}) {
  const account = await openStillAccount(box, settings);
  const url = `https://e.com/${word === '' ? 'a' : word}.mp3`;
  const { data } = await account.post(voices, { ...voiceInput, voice_url: url, callback_url: to(box, query) });
  await account.advance(data.task_id, 'processing');
  await account.advance(data.task_id, 'succeed');
  return { account, taskId: data.task_id };
}

describe('callbacks', () => {
  it('report every change of a task in order, without an envelope, voices or watermark', async ({ expect }) => {
    const account = await openStillAccount('callbacks');
    const input = lipSyncInput(
      await scan(account),
      {},
      { callback_url: to('lips'), watermark_info: { enabled: true }, external_task_id: 'e' },
    );
    const { data } = await account.post('/v1/videos/advanced-lip-sync', input);
    await account.advance(data.task_id, 'processing');
    await account.advance(data.task_id, 'succeed');
    await expect.poll(async () => statuses(await readInbox('lips'))).toEqual(['submitted', 'processing', 'succeed']);
    const inbox = await readInbox('lips');
    expect(inbox[2]).toMatchObject({
      path: '/lips/token',
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(inbox[2]!.headers).not.toHaveProperty('webhook-signature');
    expect(JSON.parse(inbox[0]!.body)).not.toHaveProperty('final_unit_deduction');
    expect(JSON.parse(inbox[2]!.body)).toEqual({
      task_id: data.task_id,
      task_status: 'succeed',
      task_status_msg: '',
      created_at: data.created_at,
      updated_at: expect.any(Number),
      final_unit_deduction: '1',
      task_info: {
        parent_video: { id: expect.any(String), url: 'https://example.com/clip.mp4', duration: expect.anything() },
        external_task_id: 'e',
      },
      task_result: { images: [], videos: [{ id: expect.any(String), url: expect.any(String), duration: '10.0' }] },
    });
    await runVoice('voice-body');
    await expect.poll(async () => await readInbox('voice-body')).toHaveLength(3);
    expect((await readInbox('voice-body'))[2]!.body).not.toContain('voice');
  });

  it('are sent at the times of the changes if no call arrives', async ({ expect }) => {
    const account = await openStillAccount('by-alarm', { submittedMs: 30, processingMs: 60 });
    await account.post(voices, { ...voiceInput, callback_url: to('by-alarm') });
    await expect
      .poll(async () => statuses(await readInbox('by-alarm')))
      .toEqual(['submitted', 'processing', 'succeed']);
  });

  it('are dropped after four failed attempts', async ({ expect }) => {
    const account = await openStillAccount('retries');
    await account.post(voices, { ...voiceInput, callback_url: to('retried', '?fail=2') });
    await account.post(voices, { ...voiceInput, callback_url: to('given-up', '?fail=9') });
    await expect.poll(async () => (await account.record()).callbacks).toHaveLength(7);
    const { callbacks, tasks } = await account.record();
    const attempts = (taskId: string) =>
      callbacks.filter((one) => one.taskId === taskId).map((one) => [one.attempt, one.httpStatus]);
    expect(attempts(tasks[0]!.taskId)).toEqual([
      [1, 503],
      [2, 503],
      [3, 204],
    ]);
    expect(attempts(tasks[1]!.taskId)).toEqual([
      [1, 503],
      [2, 503],
      [3, 503],
      [4, 503],
    ]);
    const ids = (await readInbox('retried')).map(({ body }) => body);
    expect(new Set(ids).size).toBe(1);
  });

  it('go to another origin if the settings of the account replace it', async ({ expect }) => {
    const account = await openStillAccount('rewritten', { callbackOriginRewrite: 'https://receiver.test' });
    await account.post(voices, { ...voiceInput, callback_url: 'http://localhost:1/rewritten/x?y=1' });
    await expect.poll(async () => await readInbox('rewritten')).toHaveLength(1);
  });
});

describe('signatures of callbacks', () => {
  it('match the recorded vector', ({ expect }) => {
    const body =
      '{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}';
    expect(signMessage([firstSecret], '9876543210', new Date(1_781_080_794_000), body)).toEqual({
      'webhook-id': '9876543210',
      'webhook-timestamp': '1781080794',
      'webhook-signature': 'v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=',
    });
  });

  it('cover the bytes sent, with one signature for each secret', async ({ expect }) => {
    await runVoice('signed', '', '', { webhookSecrets: [firstSecret, secondSecret] });
    await expect.poll(async () => await readInbox('signed')).toHaveLength(3);
    for (const { headers, body } of await readInbox('signed')) {
      expect(headers['webhook-signature']!.split(' ')).toHaveLength(2);
      for (const secret of [firstSecret, secondSecret]) {
        expect(new Webhook(secret).verify(body, { ...headers })).toMatchObject({ task_status: expect.any(String) });
      }
    }
  });
});

describe('scenario words for callbacks', () => {
  it('sandbox-callback-dropped sends no callback', async ({ expect }) => {
    const { account } = await runVoice('dropped', 'sandbox-callback-dropped');
    await runVoice('after-dropped');
    await expect.poll(async () => await readInbox('after-dropped')).toHaveLength(3);
    expect(await readInbox('dropped')).toEqual([]);
    expect((await account.record()).callbacks.map((one) => one.error)).toEqual(['dropped', 'dropped', 'dropped']);
  });

  it('sandbox-callback-duplicated sends each callback twice, as the same message', async ({ expect }) => {
    await runVoice('duplicated', 'sandbox-callback-duplicated', '', { webhookSecrets: [firstSecret] });
    await expect.poll(async () => await readInbox('duplicated')).toHaveLength(6);
    const ids = (await readInbox('duplicated')).map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(3);
  });

  it('sandbox-callback-reordered sends the last change first', async ({ expect }) => {
    await runVoice('reordered', 'sandbox-callback-reordered');
    await expect
      .poll(async () => statuses(await readInbox('reordered')))
      .toEqual(['succeed', 'processing', 'submitted']);
  });

  it('sandbox-callback-late sends each callback 5 s late', async ({ expect }) => {
    const { account } = await runVoice('late', 'sandbox-callback-late');
    await expect.poll(async () => await readInbox('late')).toHaveLength(3);
    const { callbacks, tasks } = await account.record();
    expect(callbacks[0]!.at - tasks[0]!.createdAt).toBeGreaterThanOrEqual(5000);
  });

  it('sandbox-callback-forged adds callbacks to a wrong path and about an unknown task, with a wrong signature', async ({
    expect,
  }) => {
    const { taskId } = await runVoice('forged', 'sandbox-callback-forged', '', { webhookSecrets: [firstSecret] });
    await expect.poll(async () => await readInbox('forged')).toHaveLength(9);
    const verified: string[] = [];
    for (const { headers, body, path } of await readInbox('forged')) {
      const real = path === '/forged/token' && JSON.parse(body).task_id === taskId;
      if (real) {
        verified.push(JSON.parse(body).task_status);
        new Webhook(firstSecret).verify(body, { ...headers });
      } else {
        expect(() => new Webhook(firstSecret).verify(body, { ...headers })).toThrow('No matching signature');
      }
    }
    expect(verified).toEqual(['submitted', 'processing', 'succeed']);
  });
});
