import fc from 'fast-check';
import { describe, it } from 'vitest';
import { isWatched, type Watch } from '../../src/domain/ports.ts';
import type { TaskChange } from '../../src/domain/records.ts';
import { isFinal } from '../../src/domain/task.ts';
import { createAdmission } from '../../src/hub/admission.ts';
import { createWork } from '../../src/hub/back-pressure.ts';
import { createCatchUp, createSharedCatchUp } from '../../src/hub/catch-up.ts';
import { createConnection } from '../../src/hub/connection.ts';
import type { Operations } from '../../src/hub/operations.ts';
import { createOutbox } from '../../src/ledger/outbox.ts';
import type { EventStore, Shard, ShardStore } from '../../src/ledger/stores/events.ts';
import { createHubParts, FakeSocket, taskChange, TENANT } from '../support/fan-out.ts';
import { VIEWER } from '../support/viewer.ts';

const WATCHES: readonly Watch[] = [
  { task: null, filter: { kind: null, statuses: [] } },
  { task: { id: 'task-1', kind: 'VOICE' }, filter: { kind: null, statuses: [] } },
  // Hides the end of the task.
  { task: { id: 'task-1', kind: 'VOICE' }, filter: { kind: null, statuses: ['PROCESSING'] } },
];

describe('a client that subscribes while events are created, pushed and executed', () => {
  type Step =
    | { readonly type: 'EVENT' }
    /** The end of the task, the first time. */
    | { readonly type: 'END' }
    | { readonly type: 'SUBSCRIBE'; readonly after: number | null; readonly watch: Watch }
    | { readonly type: 'LEAVE' };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'EVENT' as const }) },
    { weight: 1, arbitrary: fc.constant({ type: 'END' as const }) },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('SUBSCRIBE' as const),
        after: fc.option(fc.nat(4)),
        watch: fc.constantFrom(...WATCHES),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ type: 'LEAVE' as const }) },
  );

  it('gets every event once, and completes once its task has ended, in any interleaving', async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(step, { minLength: 3, maxLength: 14 }),
        fc.boolean(),
        // Above the cost of a slice, every step of an event waits for its turn.
        fc.constantFrom(1, 2_000),
        fc.boolean(),
        async (scheduler, steps, isAsync, cost, endsLate) => {
          const log: TaskChange[] = [];
          const hasEnded = (): boolean => log.some(({ task }) => isFinal(task.status));
          const pause = (what: string): Promise<void> => scheduler.schedule(Promise.resolve(), what);
          const operations: Operations = {
            async find(payload) {
              await pause('find');
              return { type: 'operation', operation: { ...payload, query: '' } };
            },
            isKnown: () => true,

            prepare(operation) {
              const { after, watch } = operation.variables as { after: string | null; watch: Watch };
              const subscription = { watch, after, afterVariable: null, key: JSON.stringify(watch), cost };
              return { type: 'subscription', subscription };
            },
            run: (_args, { seq }) => (isAsync ? pause(`run ${seq}`).then(() => `${seq}`) : `${seq}`),
          };
          const hub = createHubParts(operations, { pause: () => pause('turn') });
          const outbox = createOutbox({
            kind: 'shard',
            left: () => {},
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
              async (_tenant, watch, after, afterSeq) => {
                await pause('catch up');
                const from = afterSeq ?? (after === null ? null : Number(after));
                const headSeq = log.length;
                const present = taskChange(headSeq, hasEnded() ? 'SUCCEEDED' : 'PROCESSING');
                const events = from === null ? [present] : log.slice(from);
                const value = {
                  headSeq,
                  headCursor: `${headSeq}`,
                  resync: false,
                  isOver: watch.task !== null && hasEnded(),
                  hasMore: false,
                  rest: null,
                  events: events.filter(({ task }) => isWatched(watch, task)),
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

          const watchers: { readonly id: string; readonly after: number | null; watch: Watch; gone: boolean }[] = [];
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
          /** After the end of the task, adds an event of another task. */
          function addEvent(type: 'EVENT' | 'END'): void {
            const next = log.length + 1;
            if (hasEnded()) log.push(taskChange(next, 'PROCESSING', 'task-2'));
            else log.push(taskChange(next, type === 'END' ? 'SUCCEEDED' : 'PROCESSING'));
            outbox.push();
          }
          for (const one of steps) {
            await scheduler.waitNext(Math.min(1, scheduler.count()));
            if (one.type === 'EVENT' || one.type === 'END') {
              addEvent(one.type);
            } else if (one.type === 'SUBSCRIBE') {
              const after = one.after === null ? null : Math.min(one.after, log.length);
              const id = `${watchers.length}`;
              const { watch } = one;
              watchers.push({ id, after, watch, gone: false });
              const payload = {
                query: '',
                documentId: null,
                operationName: null,
                variables: { after: after === null ? null : `${after}`, watch },
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
          // Every subscription that is left gets the end of the task as a live event.
          if (endsLate) addEvent('END');
          await settle(scheduler);
          for (const { id, after, watch, gone } of watchers) {
            const told = socket.told(id).map(Number);
            const matching = log.filter(({ task }) => isWatched(watch, task)).map(({ seq }) => seq);
            // The present state of a task that has ended is newer than its last change.
            const start = after ?? (told[0] === undefined ? log.length : told[0] - 1);
            const missed = matching.filter((seq) => seq > start);
            const shown = after === null && missed.length < told.length ? told.slice(0, 1) : [];
            expect(told).toEqual([...shown, ...missed].slice(0, gone ? told.length : undefined));
            const types = socket.sent.map((text) => JSON.parse(text)).filter((frame) => frame.id === id);
            const completions = types.flatMap(({ type }, i) => (type === 'complete' ? [i] : []));
            if (gone) expect(completions.length).toBeLessThanOrEqual(1);
            else expect(completions).toEqual(watch.task !== null && hasEnded() ? [types.length - 1] : []);
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
