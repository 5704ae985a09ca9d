import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { runMigrationsInSteps } from '../../src/lib/durable-object.ts';
import { env } from '../support/ledger.ts';

const STEPS = ['CREATE TABLE first_step (n INTEGER)', 'CREATE TABLE second_step (n INTEGER)'];

describe('runMigrationsInSteps', () => {
  it('continues after the last committed step when the object was killed during the next', async ({ expect }) => {
    // An object without migrations of its own.
    const object = env.HUB.getByName('killed');
    const killed = runInDurableObject(object, async (_instance, state) => {
      const { storage } = state;
      storage.kv.put('schema_version', 0);
      await storage.sync();
      let steps = 0;
      const killing = new Proxy(storage, {
        get(target, name) {
          if (name !== 'transactionSync') {
            const value: unknown = Reflect.get(target, name);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          return (work: () => void) => {
            steps += 1;
            target.transactionSync(work);
            if (steps === 2) state.abort('out of CPU time');
          };
        },
      });
      await runMigrationsInSteps(killing, STEPS);
    });
    await expect(killed).rejects.toThrow('out of CPU time');
    await runInDurableObject(env.HUB.getByName('killed'), (_instance, { storage }) => {
      const tables = storage.sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name LIKE '%\\_step' ESCAPE '\\'")
        .toArray();
      expect(tables).toEqual([{ name: 'first_step' }]);
      expect(storage.kv.get('schema_version')).toBe(1);
    });
  });
});
