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
  it('never exceed the limit, and a free one is granted to the next in the queue', async ({ expect }) => {
    await withAccount('limit', 2, async ({ account, grants }) => {
      const granted = ['1', '2', '3', '4'].map((taskId) => account.acquire('t', taskId).granted);
      expect(granted).toEqual([true, true, false, false]);
      expect(account.status()).toEqual({ breaker: 'CLOSED', slotsHeld: 2, slotsMax: 2, waiting: 2 });
      account.release('1');
      expect([await grants(), account.status().slotsHeld]).toEqual([['3'], 2]);
      account.release('2');
      account.release('3');
      expect([await grants(), account.status()]).toMatchObject([['4'], { slotsHeld: 1, waiting: 0 }]);
    });
  });

  it('stay granted when they are asked for again, and a second release or request changes nothing', async ({
    expect,
  }) => {
    await withAccount('again', 1, async ({ account }) => {
      for (let i = 0; i < 3; i += 1) expect(account.acquire('t', '1').granted).toBe(true);
      expect(account.status()).toMatchObject({ slotsHeld: 1, waiting: 0 });
      for (let i = 0; i < 2; i += 1) account.release('1');
      for (let i = 0; i < 2; i += 1) account.acquire('t', '2');
      expect(account.status()).toMatchObject({ slotsHeld: 1, waiting: 0 });
    });
  });

  it('survive a restart of the object', async ({ expect }) => {
    await withAccount('survives', 2, async ({ account }) => {
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
    });
    await withAccount('survives', 2, async ({ account }) => {
      expect(account.status()).toMatchObject({ slotsHeld: 2, waiting: 1 });
      expect(account.acquire('t', '4').granted).toBe(false);
    });
  });

  it('go to the tenant that holds the fewest, not to the one that asks most', async ({ expect }) => {
    await withAccount('fair', 2, async ({ account, grants }) => {
      for (let i = 1; i <= 6; i += 1) account.acquire('greedy', `greedy-${i}`);
      account.acquire('modest', 'modest-1');
      account.release('greedy-1');
      expect(await grants()).toEqual(['modest-1']);
      account.release('greedy-2');
      expect(await grants()).toEqual(['greedy-3']);
    });
  });
});

describe('a refusal', () => {
  it('with 1303 lowers the limit to the slots in use, which then rises by one a minute up to the setting', async ({
    expect,
  }) => {
    await withAccount('1303', 3, async ({ account, grants, wait }) => {
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
      account.refuse('t', '3', 1303);
      expect(account.status()).toMatchObject({ slotsHeld: 2, slotsMax: 2, waiting: 1 });
      await wait(59_999);
      expect([account.status().slotsMax, await grants()]).toEqual([2, []]);
      await wait(1);
      expect([account.status().slotsMax, await grants()]).toEqual([3, ['3']]);
      await wait(600_000);
      expect(account.status().slotsMax).toBe(3);
    });
  });

  it('with 1303 of all tasks at once leaves one slot, which doubles every minute to half of them, also after a restart', async ({
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

  it('with 1303 and no slot in use leaves one slot, because the account may be in use elsewhere', async ({
    expect,
  }) => {
    await withAccount('1303 alone', 5, async ({ account }) => {
      account.acquire('t', '1');
      account.refuse('t', '1', 1303);
      expect(account.status()).toMatchObject({ slotsHeld: 0, slotsMax: 1 });
    });
  });

  it('with 1302 pauses all for 1 s, doubling up to 30 s, until Kling accepts a task', async ({ expect }) => {
    await withAccount('1302', 5, async ({ account, grants, wait }) => {
      account.acquire('t', '1');
      for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
        account.refuse('t', '1', 1302);
        expect(account.acquire('other', 'x').granted).toBe(false);
        account.release('x');
        await wait(pauseMs - 1);
        expect([pauseMs, await grants()]).toEqual([pauseMs, []]);
        await wait(1);
        expect([pauseMs, await grants()]).toEqual([pauseMs, ['1']]);
      }
      expect(account.status().slotsMax).toBe(5);
      account.accepted();
      account.refuse('t', '1', 1302);
      await wait(1000);
      expect(await grants()).toEqual(['1']);
    });
  });

  it('of many tasks at once counts as one: the pause stays at 1 s', async ({ expect }) => {
    await withAccount('burst', 5, async ({ account, grants, wait }) => {
      const taskIds = ['1', '2', '3', '4', '5'];
      for (const taskId of taskIds) account.acquire('t', taskId);
      for (const taskId of taskIds) account.refuse('t', taskId, 1302);
      await wait(1000);
      expect((await grants()).toSorted()).toEqual(taskIds);
    });
  });
});

describe('a claim', () => {
  it('is released by the audit when its ledger forgot to release it', async ({ expect }) => {
    await withAccount('audit', 1, async ({ account, ledgers, grants, wait }) => {
      account.acquire('t', '1');
      account.acquire('t', '2');
      ledgers.ended.add('1');
      await wait(30_000);
      expect(await grants()).toEqual([]);
      await wait(1);
      expect([await grants(), account.status()]).toMatchObject([['2'], { slotsHeld: 1, waiting: 0 }]);
    });
  });

  it('is released at once when its ledger does not want the grant', async ({ expect }) => {
    await withAccount('unwanted', 1, async ({ account, ledgers, grants }) => {
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
      ledgers.ended.add('2');
      account.release('1');
      expect(await grants()).toEqual(['2', '3']);
      expect(account.status()).toMatchObject({ slotsHeld: 1, waiting: 0 });
    });
  });

  it('is kept while its ledger needs it or cannot be reached, which does not block the audit of other tenants', async ({
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
      ledgers.ended.add('1').add('2');
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

  it('keeps its slot when the call that grants it is lost, and the ledger gets it when it asks again', async ({
    expect,
  }) => {
    await withAccount('lost grant', 1, async ({ account, ledgers, grants, wait }) => {
      account.acquire('t', '1');
      account.acquire('t', '2');
      ledgers.unreachable.add('t');
      const lines = watchLog('warn');
      account.release('1');
      expect(await grants()).toEqual([]);
      const about = { tenant: hashOfTenant('t'), taskId: '2', cause: 'Error: unreachable' };
      expect(lines()).toEqual([{ level: 'warn', message: 'grant not delivered', ...about }]);
      ledgers.unreachable.clear();
      await wait(31_000);
      expect(account.status()).toMatchObject({ slotsHeld: 1, waiting: 0 });
      expect(account.acquire('t', '2').granted).toBe(true);
    });
  });
});
