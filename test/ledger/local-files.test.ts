import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { env, ledgerOf, openSandbox } from '../support/ledger.ts';

openSandbox('local-files');

const INPUT = { name: 'Ann', sample: { url: 'http://localhost:8788/files/examples/narrator-12s.mp3' } };
const KLING = { KLING_BASE_URL: 'https://api-singapore.klingai.com' };

it('a file on this computer is sent to a sandbox on this computer', async ({ expect }) => {
  const task = await ledgerOf('local files').createVoiceTask(INPUT);
  expect(task).toMatchObject({ ok: true });
});

it.for([
  ['in development', KLING],
  ['in production', { ...KLING, ENVIRONMENT: 'production', PUBLIC_URL: 'https://gateway.test' }],
])('a file on this computer is not sent to Kling %s', async ([, settings], { expect }) => {
  const changed: Env = Object.assign({}, env, settings);
  await runInDurableObject(ledgerOf('local files at Kling'), async (_instance, state) => {
    const ledger = new TaskLedger(state, changed);
    expect(await ledger.createVoiceTask(INPUT)).toMatchObject({
      ok: false,
      failure: { message: expect.stringContaining('input.sample.url: must be an https URL, not http') },
    });
  });
});
