import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import { RegistrationStore } from '../../src/hub/registrations.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { rowCountsOf } from '../support/row-counts.ts';

openSandbox('registrations');

it('a hub that wakes deletes the registrations of closed sockets and tenants without a watcher, and knows who is owed a resync', async ({
  expect,
}) => {
  await runInDurableObject(env.HUB.getByName('registrations'), (_instance, { storage }) => {
    const store = new RegistrationStore(storage);
    const watch = { task: null, filter: { kind: null, statuses: [] } };
    for (const [socketId, tenant] of [
      ['open', 'watches'],
      ['gone', 'has left'],
    ] as const) {
      const operation = { query: '', operationName: null, variables: {} };
      store.put({ socketId, id: '1', tenant, key: 'k', watch, cost: 1, floorSeq: 0, owesResync: true }, operation);
    }
    for (const tenant of ['watches', 'has left', 'was never seen again']) store.setApplied(tenant, 7);
    expect(store.ofSockets(new Set(['open'])).map(({ tenant }) => tenant)).toEqual(['watches']);
    expect(rowCountsOf(storage.sql)).toEqual({ applied: 1, live_subscription: 1 });
    expect(store.appliedSeq('watches')).toBe(7);
    const owing = () => store.ofSockets(new Set(['open'])).map(({ owesResync }) => owesResync);
    expect(owing()).toEqual([true]);
    store.resynced('open', '1');
    expect(owing()).toEqual([false]);
  });
});
