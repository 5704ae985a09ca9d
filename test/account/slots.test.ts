import { runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { migrate } from '../../src/account/kling-account.ts';
import { SlotStore } from '../../src/account/slots.ts';
import { countRows } from '../support/count-rows.ts';
import { env, openSandbox } from '../support/ledger.ts';

openSandbox('slots');

function withStore(name: string, work: (store: SlotStore) => void): Promise<void> {
  return runInDurableObject(env.KLING_ACCOUNT.getByName(name), (_instance, { storage }) => {
    storage.sql.exec('DELETE FROM claim; DELETE FROM share;');
    work(new SlotStore(storage.sql));
  });
}

/** Grants `count` slots in the order of the store, and returns their tasks. */
function grant(store: SlotStore, count: number): string[] {
  return Array.from({ length: count }, () => {
    const next = store.next();
    if (next === null) return '-';
    store.put(next.taskId, next.tenant, 'HELD', 0);
    return next.taskId;
  });
}

describe('the next claim', () => {
  it('is of the tenant with the fewest slots, however many tasks of another wait and however long', async ({
    expect,
  }) => {
    await withStore('fewest', (store) => {
      for (let i = 1; i <= 9; i += 1) store.put(`big-${i}`, 'big', 'WAITING', i);
      store.put('small-1', 'small', 'WAITING', 100);
      store.put('small-2', 'small', 'WAITING', 101);
      expect(grant(store, 6)).toEqual(['big-1', 'small-1', 'big-2', 'small-2', 'big-3', 'big-4']);
    });
  });

  it('is of the tenant that has waited longest for a grant, among tenants with equally many slots', async ({
    expect,
  }) => {
    await withStore('longest', (store) => {
      for (const tenant of ['c', 'a', 'b']) store.put(`${tenant}-0`, tenant, 'HELD', 0);
      for (const tenant of ['a', 'b', 'c']) store.put(`${tenant}-1`, tenant, 'WAITING', 1);
      expect(grant(store, 3)).toEqual(['c-1', 'a-1', 'b-1']);
    });
  });

  it('is the oldest claim of the tenant, and a claim that is made again keeps its place', async ({ expect }) => {
    await withStore('oldest', (store) => {
      store.put('t-1', 't', 'WAITING', 1);
      store.put('t-2', 't', 'WAITING', 2);
      store.put('t-1', 't', 'WAITING', 3);
      expect(store.next()?.taskId).toBe('t-1');
      // A claim that was granted and then refused by Kling waits in its old place.
      grant(store, 1);
      store.put('t-1', 't', 'WAITING', 4);
      expect(store.next()?.taskId).toBe('t-1');
    });
  });

  it('is null when no claim waits', async ({ expect }) => {
    await withStore('nobody', (store) => {
      store.put('t-1', 't', 'HELD', 1);
      expect(store.next()).toBeNull();
    });
  });
});

describe('the cost of a claim', () => {
  it('does not depend on the number of waiting tasks of one tenant or of many', async ({ expect }) => {
    const costs: Record<string, object> = {};
    for (const [name, tenants, each] of [
      ['few', 2, 2],
      ['many of one', 2, 3_000],
      ['some of many', 2_000, 2],
    ] as const) {
      await runInDurableObject(env.KLING_ACCOUNT.getByName(`cost ${name}`), (_instance, { storage }) => {
        const store = new SlotStore(storage.sql);
        store.put('held', 'tenant-0', 'HELD', 0);
        for (let n = 0; n < tenants * each; n += 1) store.put(`${n}`, `tenant-${n % tenants}`, 'WAITING', n);
        const rows = countRows(storage.sql);
        const next = store.next()!;
        store.put(next.taskId, next.tenant, 'HELD', 1);
        store.remove('held', 1);
        store.put('new', 'tenant-1', 'WAITING', 2);
        expect([store.count('HELD'), store.count('WAITING')]).toEqual([1, tenants * each]);
        costs[name] = rows();
      });
    }
    expect(costs['many of one']).toEqual(costs['few']);
    expect(costs['some of many']).toEqual(costs['few']);
  });

  it('stays low by sums, which a migration computes from the claims', async ({ expect }) => {
    await withStore('sums', (store) => {
      for (let n = 0; n < 5; n += 1) store.put(`a-${n}`, 'a', 'WAITING', n);
      store.put('a-0', 'a', 'HELD', 9);
      store.put('b-0', 'b', 'HELD', 9);
      store.remove('a-4', 9);
      store.remove('a-4', 9);
    });
    await runInDurableObject(env.KLING_ACCOUNT.getByName('sums'), (_instance, { storage }) => {
      // Takes the tables back to the first version.
      storage.sql.exec('DROP TABLE share_sum; DROP TABLE share; DROP INDEX claim_held;');
      storage.kv.delete('schema_version');
      migrate(storage);
      const store = new SlotStore(storage.sql);
      expect([store.count('HELD'), store.count('WAITING')]).toEqual([2, 3]);
      expect([store.countOf('a'), store.countOf('b'), store.countOf('c')]).toEqual([
        { HELD: 1, WAITING: 3 },
        { HELD: 1, WAITING: 0 },
        { HELD: 0, WAITING: 0 },
      ]);
      expect(store.next()?.taskId).toBe('a-1');
    });
  });
});

describe('after random claims', () => {
  it('a waiting tenant has at most one slot less than any other tenant', async ({ expect }) => {
    const claims = fc.array(fc.record({ tenant: fc.constantFrom('a', 'b', 'c'), at: fc.nat(50) }), { maxLength: 30 });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(claims, fc.nat(30), async (waiting, slots) => {
        await withStore(`fair ${(runs += 1) % 5}`, (store) => {
          for (const [n, { tenant, at }] of waiting.entries()) store.put(`${tenant}-${n}`, tenant, 'WAITING', at);
          const granted = grant(store, slots).filter((taskId) => taskId !== '-');
          const held = (tenant: string) => granted.filter((taskId) => taskId.startsWith(tenant)).length;
          const all = (tenant: string) => waiting.filter((claim) => claim.tenant === tenant).length;
          for (const tenant of ['a', 'b', 'c']) {
            if (held(tenant) === all(tenant)) continue;
            for (const other of ['a', 'b', 'c']) expect(held(other) - held(tenant)).toBeLessThanOrEqual(1);
          }
          expect(granted.length).toBe(Math.min(slots, waiting.length));
          expect(new Set(granted).size).toBe(granted.length);
        });
      }),
      { numRuns: 60 },
    );
  });
});
