import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Watch } from '../../src/domain/ports.ts';
import type { TaskChange } from '../../src/domain/records.ts';
import { createAdmission } from '../../src/hub/admission.ts';
import { createWork } from '../../src/hub/back-pressure.ts';
import { createCatchUp, createSharedCatchUp } from '../../src/hub/catch-up.ts';
import { createConnection } from '../../src/hub/connection.ts';
import type { Operations } from '../../src/hub/operations.ts';
import { createOutbox } from '../../src/ledger/outbox.ts';
import type { EventStore, Shard, ShardStore } from '../../src/ledger/stores/events.ts';
import { createHubParts, FakeSocket, taskChange, TENANT } from '../support/fan-out.ts';
import { VIEWER } from '../support/viewer.ts';

describe('a client that subscribes while events are created, pushed and executed', () => {
  type Step =
    | { readonly type: 'EVENT' }
    | { readonly type: 'SUBSCRIBE'; readonly after: number | null }
    | { readonly type: 'LEAVE' };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'EVENT' as const }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('SUBSCRIBE' as const), after: fc.option(fc.nat(4)) }) },
    { weight: 2, arbitrary: fc.constant({ type: 'LEAVE' as const }) },
  );

  it('gets every event once, in any interleaving', async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(step, { minLength: 3, maxLength: 14 }),
        fc.boolean(),
        // Above the cost of a slice, every step of an event waits for its turn.
        fc.constantFrom(1, 2_000),
        async (scheduler, steps, isAsync, cost) => {
          const log: TaskChange[] = [];
          const pause = (what: string): Promise<void> => scheduler.schedule(Promise.resolve(), what);
          const operations: Operations = {
            async find(payload) {
              await pause('find');
              return { type: 'operation', operation: { ...payload, query: '' } };
            },
            isKnown: () => true,

            prepare(operation) {
              const after = operation.variables['after'] as string | null;
              const watch: Watch = { task: null, filter: { kind: null, statuses: [] } };
              const subscription = { watch, after, afterVariable: null, key: 'key', cost };
              return { type: 'subscription', subscription };
            },
            run: (_args, { seq }) => (isAsync ? pause(`run ${seq}`).then(() => `${seq}`) : `${seq}`),
          };
          const hub = createHubParts(operations, { pause: () => pause('turn') });
          const outbox = createOutbox({
            events: {
              head: () => log.length,
              forgotten: () => 0,
              after: (_task: string | null, seq: number, limit: number) => log.slice(seq, seq + limit),
            } as unknown as EventStore,
            shards: fakeShards(),
            now: () => 0,
            random: () => 0.5,
            background: (work) => void work(),
            log: () => {},
            async deliver(_shard, prev, events) {
              await pause('delivery');
              const answer = await hub.fanOut.deliver(TENANT, prev, events);
              await pause('delivered');
              return answer;
            },
            skip: () => Promise.reject(new Error('nothing is forgotten here')),
            arm: () => {},
          });
          const catchUp = createCatchUp({
            ...hub,
            operations,
            async attach() {
              await pause('attach');
              const head = outbox.attach('shard');
              await pause('attached');
              return { ok: true, value: head };
            },
            catchUp: createSharedCatchUp(
              async (_tenant, _watch, after, afterSeq) => {
                await pause('catch up');
                const from = afterSeq ?? (after === null ? null : Number(after));
                const headSeq = log.length;
                const events = from === null ? [taskChange(headSeq)] : log.slice(from);
                const value = {
                  headSeq,
                  headCursor: `${headSeq}`,
                  isOver: false,
                  hasMore: false,
                  rest: null,
                  events,
                };
                await pause('caught up');
                return { ok: true, value };
              },
              (tenant) => hub.fanOut.appliedSeq(tenant),
            ),
          });
          const connection = createConnection({
            ...hub,
            operations,
            catchUp,
            admission: createAdmission({
              authenticate: async () => VIEWER,
              join: () => true,
              expiresAt: () => {},
              now: () => 0,
              log: () => {},
            }),
            work: createWork({
              limits: { socketMsPerSecond: 1_000, tenantMsPerSecond: 1_000 },
              now: () => 0,
              sleep: () => Promise.resolve(),
            }),
            answer: () => Promise.reject(new Error('no requests here')),
            log: () => {},
          });

          const watchers: { readonly id: string; readonly after: number | null; gone: boolean }[] = [];
          const socket = new FakeSocket();
          const attachment = {
            socketId: 's',
            viewer: { ...VIEWER, tenant: TENANT },
            isStream: false,
            requestId: null,
            network: null,
            origin: '',
            openedAtMs: 0,
          };
          const under: Promise<unknown>[] = [];
          for (const one of steps) {
            await scheduler.waitNext(Math.min(1, scheduler.count()));
            if (one.type === 'EVENT') {
              log.push(taskChange(log.length + 1));
              outbox.push();
            } else if (one.type === 'SUBSCRIBE') {
              const after = one.after === null ? null : Math.min(one.after, log.length);
              const id = `${watchers.length}`;
              watchers.push({ id, after, gone: false });
              const payload = {
                query: '',
                documentId: null,
                operationName: null,
                variables: { after: after === null ? null : `${after}` },
                extensions: null,
              };
              under.push(connection.take(socket.asSocket(), attachment, { type: 'subscribe', id, payload }));
            } else {
              const watcher = watchers.find(({ gone }) => !gone);
              if (watcher === undefined) continue;
              watcher.gone = true;
              await connection.take(socket.asSocket(), attachment, { type: 'complete', id: watcher.id });
            }
          }
          await settle(scheduler);
          await Promise.all(under);
          await settle(scheduler);
          for (const { id, after, gone } of watchers) {
            const told = socket.told(id).map(Number);
            const first = after === null ? (told[0] ?? log.length) : after + 1;
            expect(told).toEqual(told.map((_, i) => first + i));
            if (!gone) expect(told.at(-1) ?? after).toBe(log.length);
          }
        },
      ),
      { numRuns: 600 },
    );
  });
});

/** Waits until nothing is left to run, however many microtasks lie between two steps. */
async function settle(scheduler: fc.Scheduler): Promise<void> {
  do {
    await scheduler.waitIdle();
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (scheduler.count() > 0);
}

function fakeShards(): ShardStore {
  const shards = new Map<string, Shard>();
  const store = {
    add: (name: string, appliedSeq: number) =>
      void (shards.has(name) || shards.set(name, { name, appliedSeq, dueAtMs: null, fails: 0 })),
    find: (name: string) => shards.get(name) ?? null,
    names: () => [...shards.keys()],
    applied(name: string, appliedSeq: number) {
      if (shards.has(name)) shards.set(name, { name, appliedSeq, dueAtMs: null, fails: 0 });
    },
    failed: () => {},
    remove: (name: string) => void shards.delete(name),
  };
  return store as unknown as ShardStore;
}
