import { it } from 'vitest';
import { env, ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';

const sandbox = openSandbox('maintenance');

/** Consecutive faults after which the account opens its circuit breaker. */
const FAULTS_MAX = 10;

it('a ledger stops reading when Kling answers every read with code 5000 (maintenance)', async ({ expect }) => {
  const ledger = ledgerOf('maintained');
  const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
  await sandbox.configure({ faults: { readError: 1 } });
  const account = env.KLING_ACCOUNT.getByName('account');
  await expect
    .poll(
      async () => {
        await ledger.task({ id });
        return (await account.status()).breaker;
      },
      { timeout: 15_000, interval: 250 },
    )
    .toBe('OPEN');
  const before = (await sandbox.record()).requests.length;
  for (let i = 0; i < 20; i += 1) await ledger.task({ id });
  expect((await sandbox.record()).requests.length).toBe(before);
  expect((await sandbox.record()).requests.filter(({ code }) => code === 5000).length).toBeLessThan(2 * FAULTS_MAX);
});
