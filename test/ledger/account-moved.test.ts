import { it } from 'vitest';
import { runInDurableObject } from 'cloudflare:test';
import { env, ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';

openSandbox('account-moved');

it('a ledger reconnects to the account object after only the account object was killed', async ({ expect }) => {
  const ledger = ledgerOf('survivor');
  expect(valueOf(await ledger.createVoiceTask(voiceInput('before'))).status).toBe('SUBMITTED');
  const account = env.KLING_ACCOUNT.getByName('account');
  await runInDurableObject(account, (_instance, state) => state.abort('killed by a test')).catch(() => {});
  expect(valueOf(await ledger.createVoiceTask(voiceInput('after'))).status).toBe('SUBMITTED');
});
