import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { START_MS, withAccount } from '../support/account.ts';
import { openSandbox } from '../support/ledger.ts';

openSandbox('audit');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the audit', () => {
  it('calls a tenant once for all its slots, and becomes rarer while all slots are in use', async ({ expect }) => {
    await withAccount('rare audits', 150, async ({ account, ledgers, wait }) => {
      for (let n = 0; n < 300; n += 1) account.acquire('t', `${n}`);
      const atS: number[] = [];
      for (let s = 1; s <= 1200; s += 1) {
        await wait(1000);
        if (ledgers.audits.splice(0).length > 0) atS.push(s);
      }
      expect(atS).toEqual([31, 92, 213, 454, 755, 1056]);
      // A new grant may be lost, so the next audit is soon again.
      account.release('1');
      await wait(30_001);
      expect(ledgers.audits).toEqual(['t']);
    });
  });

  it('asks only about tasks that hold a slot, and calls no tenant whose tasks all wait', async ({ expect }) => {
    await withAccount('held only', 2, async ({ account, ledgers, grants, wait }) => {
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
      account.acquire('waits', '4');
      await wait(30_001);
      expect(ledgers.audits.splice(0)).toEqual(['t']);
      expect(ledgers.audited.splice(0).toSorted()).toEqual(['1', '2']);
      // Once it holds a slot, the task is asked about.
      account.release('1');
      expect(await grants()).toEqual(['4']);
      await wait(60_001);
      expect(ledgers.audits.toSorted()).toEqual(['t', 'waits']);
      expect(ledgers.audited.toSorted()).toEqual(['2', '4']);
    });
  });

  it('runs within seconds after a grant was not delivered, also after a restart of the object', async ({ expect }) => {
    await withAccount('untold', 1, async ({ account, ledgers, grants, wait }) => {
      for (const taskId of ['1', '2']) account.acquire('t', taskId);
      ledgers.unreachable.add('t');
      account.release('1');
      await grants();
      await wait(1_001);
      expect(ledgers.audits).toEqual(['t']);
    });
    await withAccount('untold', 1, async ({ ledgers, wait }) => {
      await wait(1_001);
      expect(ledgers.audits).toEqual(['t']);
    });
    await withAccount('untold', 1, async ({ ledgers, wait }) => {
      await wait(1_001);
      expect(ledgers.audits).toEqual([]);
    });
  });

  it('calls fifty tenants in one alarm, and the others in the next', async ({ expect }) => {
    await withAccount('many tenants', 100, async ({ account, ledgers, wait }) => {
      for (let n = 0; n < 80; n += 1) account.acquire(`t-${n}`, `${n}`);
      await wait(30_001);
      expect(ledgers.audits).toHaveLength(50);
      await wait(1);
      expect(new Set(ledgers.audits).size).toBe(80);
    });
  });
});

describe('a ledger that asks the account again', () => {
  it('gets its tasks that hold a slot, and learns whether the account knows all its claims', async ({ expect }) => {
    await withAccount('compare', 2, async ({ account }) => {
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
      account.acquire('other', '4');
      expect(account.compare('t', { HELD: 2, WAITING: 1 })).toEqual({ held: ['1', '2'], isComplete: true });
      expect(account.compare('t', { HELD: 1, WAITING: 0 }).isComplete).toBe(true);
      expect(account.compare('t', { HELD: 3, WAITING: 1 }).isComplete).toBe(false);
      expect(account.compare('t', { HELD: 2, WAITING: 2 }).isComplete).toBe(false);
      expect(account.compare('unknown', { HELD: 0, WAITING: 1 })).toEqual({ held: [], isComplete: false });
    });
  });

  it('and resends its claims keeps their order and the slots that it holds', async ({ expect }) => {
    await withAccount('rejoin', 2, async ({ account, grants }) => {
      account.acquire('t', 'held');
      account.rejoin('t', [
        { taskId: 'held', state: 'WAITING', sinceMs: 1 },
        { taskId: 'at-kling', state: 'HELD', sinceMs: 2 },
        { taskId: 'z-older', state: 'WAITING', sinceMs: 3 },
        { taskId: 'a-younger', state: 'WAITING', sinceMs: 4 },
      ]);
      expect(account.status()).toMatchObject({ slotsHeld: 2, waiting: 2 });
      expect(await grants()).toEqual([]);
      account.release('held');
      expect(await grants()).toEqual(['z-older']);
    });
  });
});
