import { evictAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { env, ledgerOf, openSandbox, voiceInput } from './ledger.ts';

/**
 * Checks that the objects of earlier files are gone, and leaves an evicted one. Call it from one file more than there are
 * runtimes, so that two of the files share a runtime.
 */
export function describeLeftObject(): void {
  openSandbox('left');
  describe('a test file', () => {
    it('finds no object of an earlier file, and evicts one', async ({ expect }) => {
      const account = env.KLING_ACCOUNT.getByName('account');
      await runInDurableObject(account, (_instance, { storage }) => {
        expect(storage.kv.get('left')).toBeUndefined();
        storage.kv.put('left', true);
      });
      // The last to ask for the account is another object.
      await ledgerOf('left').createVoiceTask(voiceInput(null));
      await evictAllDurableObjects();
    });
  });
}
