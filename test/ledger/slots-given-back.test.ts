import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import { NO_TROUBLE, type Trouble } from '../../src/ledger/stores/tasks.ts';
import { kill, ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';

openSandbox('given-back');

const CASES: readonly (readonly [what: string, trouble: Partial<Trouble>, isAlive: boolean])[] = [
  ['running', {}, true],
  ['not found at Kling four times', { missing: 4, missingSinceMs: 1 }, true],
  ['lost at Kling', { missing: 6, missingSinceMs: 1, isLost: true }, false],
  ['succeeded without results', { emptySinceMs: 1 }, false],
];

it.for(CASES)(
  'a ledger answers the account’s audit whether a task that is %s needs its slot, also after a restart',
  async ([what, trouble, isAlive], { expect }) => {
    const ledger = ledgerOf(`audit ${what}`);
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    await runInDurableObject(ledger, (_instance, { storage }) => {
      storage.sql.exec('UPDATE task SET trouble = ?', JSON.stringify({ ...NO_TROUBLE, ...trouble }));
    });
    for (let i = 0; i < 2; i += 1) {
      expect(await ledgerOf(`audit ${what}`).claimsAlive([id, 'no-such-task'])).toEqual(isAlive ? [id] : []);
      await kill(ledgerOf(`audit ${what}`));
    }
  },
);
