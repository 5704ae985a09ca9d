import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { START_MS, withAccount } from '../support/account.ts';
import { openSandbox } from '../support/ledger.ts';

openSandbox('breaker');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the circuit breaker', () => {
  it('stays open across a restart of the object, and a late failure does not keep it open longer', async ({
    expect,
  }) => {
    await withAccount('open survives', 5, async ({ account, wait }) => {
      for (let i = 0; i < 10; i += 1) account.report('t', true);
      await wait(5_000);
      expect(account.report('t', true)).toBe(START_MS + 15_000);
    });
    await withAccount('open survives', 5, async ({ account, grants, wait }) => {
      expect(account.status().breaker).toBe('OPEN');
      expect(account.acquire('t', '1').granted).toBe(false);
      await wait(10_000);
      expect(await grants()).toEqual(['1']);
    });
  });

  it('lets one of several ledgers probe, and calls all that wait once Kling has recovered', async ({ expect }) => {
    await withAccount('probing', 5, async ({ account, ledgers, grants, wait }) => {
      for (let i = 0; i < 10; i += 1) account.report('a', true);
      expect(account.probe('b')).toEqual({ pass: false, untilMs: START_MS + 15_000 });
      await wait(15_000);
      expect(account.probe('c')).toEqual({ pass: true, untilMs: START_MS + 30_000 });
      expect(account.probe('a')).toEqual({ pass: false, untilMs: START_MS + 30_000 });
      expect(account.report('c', false)).toBe(0);
      await grants();
      expect(ledgers.recovered.toSorted()).toEqual(['a', 'b', 'c']);
      expect(account.probe('a')).toEqual({ pass: true, untilMs: 0 });
      account.report('a', true);
      account.report('a', false);
      await grants();
      expect(ledgers.recovered).toHaveLength(3);
    });
  });

  it('opens after ten failures in a row, lets one probe pass, and closes when Kling accepts a task', async ({
    expect,
  }) => {
    await withAccount('breaker', 5, async ({ account, grants, wait }) => {
      for (let i = 0; i < 9; i += 1) expect(account.report('t', true)).toBe(0);
      account.report('t', false);
      for (let i = 0; i < 9; i += 1) expect(account.report('t', true)).toBe(0);
      expect(account.report('t', true)).toBe(START_MS + 15_000);
      expect(account.acquire('t', '1').granted).toBe(false);
      account.acquire('t', '2');
      await wait(14_999);
      expect([await grants(), account.status().breaker]).toEqual([[], 'OPEN']);
      await wait(1);
      expect([await grants(), account.status().breaker]).toEqual([['1'], 'PROBING']);
      // The ledger of the probe may not have seen a failure. An accepted task is enough to close the breaker.
      account.accepted();
      expect([await grants(), account.status()]).toMatchObject([['2'], { breaker: 'CLOSED', slotsHeld: 2 }]);
    });
  });

  it('opens again when the probe fails, and lets another pass when the probe was lost', async ({ expect }) => {
    await withAccount('probes', 5, async ({ account, grants, wait }) => {
      for (let i = 0; i < 10; i += 1) account.report('t', true);
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
      await wait(15_000);
      expect(await grants()).toEqual(['1']);
      account.report('t', true);
      expect(account.status().breaker).toBe('OPEN');
      await wait(15_000);
      expect(await grants()).toEqual(['2']);
      await wait(15_000);
      expect(await grants()).toEqual(['3']);
    });
  });
});
