import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { hashOfTenant } from '../../src/lib/hash.ts';
import { START_MS, withAccount } from '../support/account.ts';
import { openSandbox } from '../support/ledger.ts';
import { watchLog } from '../support/watch-log.ts';

openSandbox('account');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('slots', () => {
  it('are never more than the limit; the next in line is told when one is free', async ({ expect }) => {
    await withAccount('limit', 2, async ({ account, tellings }) => {
      const granted = ['1', '2', '3', '4'].map((taskId) => account.acquire('t', taskId).granted);
      expect(granted).toEqual([true, true, false, false]);
      expect(account.status()).toEqual({ breaker: 'CLOSED', slotsHeld: 2, slotsMax: 2, waiting: 2 });
      account.release('1');
      expect([await tellings(), account.status().slotsHeld]).toEqual([['3'], 2]);
      account.release('2');
      account.release('3');
      expect([await tellings(), account.status()]).toMatchObject([['4'], { slotsHeld: 1, waiting: 0 }]);
    });
  });

  it('once granted are granted again, and releasing or asking twice changes nothing', async ({ expect }) => {
    await withAccount('again', 1, async ({ account }) => {
      for (let i = 0; i < 3; i += 1) expect(account.acquire('t', '1').granted).toBe(true);
      expect(account.status()).toMatchObject({ slotsHeld: 1, waiting: 0 });
      for (let i = 0; i < 2; i += 1) account.release('1');
      for (let i = 0; i < 2; i += 1) account.acquire('t', '2');
      expect(account.status()).toMatchObject({ slotsHeld: 1, waiting: 0 });
    });
  });

  it('survive the object', async ({ expect }) => {
    await withAccount('survives', 2, async ({ account }) => {
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
    });
    await withAccount('survives', 2, async ({ account }) => {
      expect(account.status()).toMatchObject({ slotsHeld: 2, waiting: 1 });
      expect(account.acquire('t', '4').granted).toBe(false);
    });
  });

  it('go to the tenant that has the fewest, not to the one that asks the most', async ({ expect }) => {
    await withAccount('fair', 2, async ({ account, tellings }) => {
      for (let i = 1; i <= 6; i += 1) account.acquire('greedy', `greedy-${i}`);
      account.acquire('modest', 'modest-1');
      account.release('greedy-1');
      expect(await tellings()).toEqual(['modest-1']);
      account.release('greedy-2');
      expect(await tellings()).toEqual(['greedy-3']);
    });
  });
});

describe('a refusal', () => {
  it('1303 lowers the limit to what is in use, and it is tried one higher every minute up to what is configured', async ({
    expect,
  }) => {
    await withAccount('1303', 3, async ({ account, tellings, wait }) => {
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
      account.refuse('t', '3', 1303);
      expect(account.status()).toMatchObject({ slotsHeld: 2, slotsMax: 2, waiting: 1 });
      await wait(59_999);
      expect([account.status().slotsMax, await tellings()]).toEqual([2, []]);
      await wait(1);
      expect([account.status().slotsMax, await tellings()]).toEqual([3, ['3']]);
      await wait(600_000);
      expect(account.status().slotsMax).toBe(3);
    });
  });

  it('1303 of all tasks at once leaves one slot, which doubles every minute to half of them; the object’s end changes nothing', async ({
    expect,
  }) => {
    const taskIds = Array.from({ length: 20 }, (_, n) => `${n}`);
    await withAccount('1303 of all', 20, async ({ account }) => {
      for (const taskId of taskIds) account.acquire('t', taskId);
      for (const taskId of taskIds) account.refuse('t', taskId, 1303);
      expect(account.status()).toMatchObject({ slotsHeld: 0, slotsMax: 1, waiting: 20 });
    });
    await withAccount('1303 of all', 20, async ({ account, wait }) => {
      const course: number[] = [account.status().slotsMax];
      for (let minute = 1; minute <= 5; minute += 1) {
        await wait(60_000);
        course.push(account.status().slotsMax);
      }
      expect(course).toEqual([1, 2, 4, 8, 10, 11]);
    });
  });

  it('1303 with nothing in use leaves one slot: the account may be in use elsewhere', async ({ expect }) => {
    await withAccount('1303 alone', 5, async ({ account }) => {
      account.acquire('t', '1');
      account.refuse('t', '1', 1303);
      expect(account.status()).toMatchObject({ slotsHeld: 0, slotsMax: 1 });
    });
  });

  it('1302 pauses everything for a second, doubling up to 30 s, and anew once a task was taken', async ({ expect }) => {
    await withAccount('1302', 5, async ({ account, tellings, wait }) => {
      account.acquire('t', '1');
      for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
        account.refuse('t', '1', 1302);
        expect(account.acquire('other', 'x').granted).toBe(false);
        account.release('x');
        await wait(pauseMs - 1);
        expect([pauseMs, await tellings()]).toEqual([pauseMs, []]);
        await wait(1);
        expect([pauseMs, await tellings()]).toEqual([pauseMs, ['1']]);
      }
      expect(account.status().slotsMax).toBe(5);
      account.accepted();
      account.refuse('t', '1', 1302);
      await wait(1000);
      expect(await tellings()).toEqual(['1']);
    });
  });

  it('of many tasks at once is one refusal: the pause stays a second', async ({ expect }) => {
    await withAccount('burst', 5, async ({ account, tellings, wait }) => {
      const taskIds = ['1', '2', '3', '4', '5'];
      for (const taskId of taskIds) account.acquire('t', taskId);
      for (const taskId of taskIds) account.refuse('t', taskId, 1302);
      await wait(1000);
      expect((await tellings()).toSorted()).toEqual(taskIds);
    });
  });
});

describe('claims that nobody has any more', () => {
  it('are given back by the audit: of a ledger that forgot to release', async ({ expect }) => {
    await withAccount('audit', 1, async ({ account, ledgers, tellings, wait }) => {
      account.acquire('t', '1');
      account.acquire('t', '2');
      ledgers.over.add('1');
      await wait(30_000);
      expect(await tellings()).toEqual([]);
      await wait(1);
      expect([await tellings(), account.status()]).toMatchObject([['2'], { slotsHeld: 1, waiting: 0 }]);
    });
  });

  it('are given back at once when a grant finds nobody who wants it', async ({ expect }) => {
    await withAccount('unwanted', 1, async ({ account, ledgers, tellings }) => {
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
      ledgers.over.add('2');
      account.release('1');
      expect(await tellings()).toEqual(['2', '3']);
      expect(account.status()).toMatchObject({ slotsHeld: 1, waiting: 0 });
    });
  });

  it('are kept while their ledger lives, or cannot be asked; the other tenants’ are audited all the same', async ({
    expect,
  }) => {
    await withAccount('unreachable', 3, async ({ account, ledgers, wait }) => {
      for (const [tenant, taskId] of [
        ['down', '1'],
        ['up', '2'],
        ['up', '3'],
      ] as const)
        account.acquire(tenant, taskId);
      ledgers.unreachable.add('down');
      ledgers.over.add('1').add('2');
      const lines = watchLog('warn');
      await wait(30_001);
      expect(lines()).toEqual([
        {
          level: 'warn',
          message: 'ledger not reached',
          tenant: hashOfTenant('down'),
          cause: 'Error: unreachable',
        },
      ]);
      expect(account.status().slotsHeld).toBe(2);
      ledgers.unreachable.clear();
      await wait(30_001);
      expect(account.status().slotsHeld).toBe(1);
    });
  });

  it('of a grant that was lost on its way keep their slot, which the ledger gets when it asks again', async ({
    expect,
  }) => {
    await withAccount('lost grant', 1, async ({ account, ledgers, tellings, wait }) => {
      account.acquire('t', '1');
      account.acquire('t', '2');
      ledgers.unreachable.add('t');
      const lines = watchLog('warn');
      account.release('1');
      expect(await tellings()).toEqual([]);
      const about = { tenant: hashOfTenant('t'), taskId: '2', cause: 'Error: unreachable' };
      expect(lines()).toEqual([{ level: 'warn', message: 'grant not delivered', ...about }]);
      ledgers.unreachable.clear();
      await wait(31_000);
      expect(account.status()).toMatchObject({ slotsHeld: 1, waiting: 0 });
      expect(account.acquire('t', '2').granted).toBe(true);
    });
  });
});
