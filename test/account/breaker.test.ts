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

describe('the breaker', () => {
  it('stays open over the end of the object, and a late failure does not keep it open longer', async ({ expect }) => {
    await withAccount('open survives', 5, async ({ account, wait }) => {
      for (let i = 0; i < 10; i += 1) account.report('t', true);
      await wait(5_000);
      expect(account.report('t', true)).toBe(START_MS + 15_000);
    });
    await withAccount('open survives', 5, async ({ account, tellings, wait }) => {
      expect(account.status().breaker).toBe('OPEN');
      expect(account.acquire('t', '1').granted).toBe(false);
      await wait(10_000);
      expect(await tellings()).toEqual(['1']);
    });
  });

  it('lets one ledger of many probe, and calls all that wait once Kling is well', async ({ expect }) => {
    await withAccount('probing', 5, async ({ account, ledgers, tellings, wait }) => {
      for (let i = 0; i < 10; i += 1) account.report('a', true);
      expect(account.probe('b')).toEqual({ pass: false, untilMs: START_MS + 15_000 });
      await wait(15_000);
      expect(account.probe('c')).toEqual({ pass: true, untilMs: START_MS + 30_000 });
      expect(account.probe('a')).toEqual({ pass: false, untilMs: START_MS + 30_000 });
      expect(account.report('c', false)).toBe(0);
      await tellings();
      expect(ledgers.well.toSorted()).toEqual(['a', 'b', 'c']);
      expect(account.probe('a')).toEqual({ pass: true, untilMs: 0 });
      account.report('a', true);
      account.report('a', false);
      await tellings();
      expect(ledgers.well).toHaveLength(3);
    });
  });

  it('opens after ten failures in a row, lets one probe go, and closes when Kling takes a task', async ({ expect }) => {
    await withAccount('breaker', 5, async ({ account, tellings, wait }) => {
      for (let i = 0; i < 9; i += 1) expect(account.report('t', true)).toBe(0);
      account.report('t', false);
      for (let i = 0; i < 9; i += 1) expect(account.report('t', true)).toBe(0);
      expect(account.report('t', true)).toBe(START_MS + 15_000);
      expect(account.acquire('t', '1').granted).toBe(false);
      account.acquire('t', '2');
      await wait(14_999);
      expect([await tellings(), account.status().breaker]).toEqual([[], 'OPEN']);
      await wait(1);
      expect([await tellings(), account.status().breaker]).toEqual([['1'], 'PROBING']);
      // The probe's ledger need not have seen a failure: that Kling took its task says enough.
      account.accepted();
      expect([await tellings(), account.status()]).toMatchObject([['2'], { breaker: 'CLOSED', slotsHeld: 2 }]);
    });
  });

  it('opens again when the probe fails, and lets another go when the probe was lost', async ({ expect }) => {
    await withAccount('probes', 5, async ({ account, tellings, wait }) => {
      for (let i = 0; i < 10; i += 1) account.report('t', true);
      for (const taskId of ['1', '2', '3']) account.acquire('t', taskId);
      await wait(15_000);
      expect(await tellings()).toEqual(['1']);
      account.report('t', true);
      expect(account.status().breaker).toBe('OPEN');
      await wait(15_000);
      expect(await tellings()).toEqual(['2']);
      await wait(15_000);
      expect(await tellings()).toEqual(['3']);
    });
  });
});
