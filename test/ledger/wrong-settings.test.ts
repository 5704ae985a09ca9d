import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import { KlingAccount } from '../../src/account/kling-account.ts';
import { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { env, ledgerOf, openSandbox } from '../support/ledger.ts';

openSandbox('wrong-settings');

/** The environment of a deployment that lacks a key. */
const broken: Env = Object.assign({}, env, { KLING_ACCESS_KEY: '' });

it('a ledger that is deployed without a key keeps its alarm until the settings are fixed', async ({ expect }) => {
  await runInDurableObject(ledgerOf('broken'), async (_instance, state) => {
    await state.storage.deleteAlarm();
    const ledger = new TaskLedger(state, broken);
    await ledger.alarm();
    expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
    await expect(ledger.createVoiceTask({ name: 'A', sample: { url: 'https://example.com/a.mp3' } })).rejects.toThrow(
      /KLING_ACCESS_KEY/,
    );
  });
});

it('an account that is deployed without a key keeps its alarm until the settings are fixed', async ({ expect }) => {
  await runInDurableObject(env.KLING_ACCOUNT.getByName('broken'), async (_instance, state) => {
    await state.storage.deleteAlarm();
    await new KlingAccount(state, broken).alarm();
    expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
  });
});
