import { it } from 'vitest';
import type { KlingClient } from '../../src/kling/client.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { createTracedLog, traced } from '../../src/lib/durable-object.ts';
import { startTimer } from '../../src/lib/time.ts';
import { createFreshTasks } from '../../src/ledger/sync-task.ts';
import { klingError, withParts, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { createLipSyncOnce, createVoiceOnce } from '../support/ledger-tasks.ts';
import { scriptKling } from '../support/scripted-kling.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** The message of a log line, its request id, and its task ids. */
type Logged = readonly [what: string, requestId: unknown, about: unknown];

/** Runs a test on a ledger whose Kling logs a line for each request, as the real client does. */
async function withLog(
  name: string,
  { kling, ...options }: PartsOptions,
  work: (parts: LedgerParts, takeLines: () => Logged[]) => Promise<void>,
): Promise<void> {
  const lines: LogEvent[] = [];
  const log = createTracedLog((line) => lines.push(line));
  const logged = Object.fromEntries(
    Object.entries(kling ?? {}).map(([method, call]) => [
      method,
      (...given: never[]) => {
        log({ level: 'info', message: method });
        return (call as (...args: never[]) => unknown)(...given);
      },
    ]),
  ) as Partial<KlingClient>;
  const takeLines = (): Logged[] =>
    lines.splice(0).map((line) => {
      const what = line.message === 'task changed' ? `changed to ${String(line['status'])}` : line.message;
      return [what, line['requestId'], line['taskId'] ?? line['taskIds']];
    });
  await withParts(name, { ...options, kling: logged, log }, (parts) => work(parts, takeLines));
}

async function runNext(parts: LedgerParts): Promise<void> {
  parts.clock.nowMs = Math.max(parts.clock.nowMs, parts.deps.wakes.nextAtMs()!);
  await parts.alarmHandler.run();
  await parts.settle();
}

it('log lines name the request that caused them and the task, and lines of an alarm name only the task', async ({
  expect,
}) => {
  const kling: Partial<KlingClient> = {
    createVoiceTask: async () => snapshotOf('SUBMITTED'),
    readVoiceTask: async () => snapshotOf('PROCESSING'),
  };
  await withLog('requests', { kling }, async (parts, takeLines) => {
    const { id } = await traced({ requestId: 'create' }, () => createVoiceOnce(parts));
    expect(takeLines()).toEqual([
      ['createVoiceTask', 'create', id],
      ['changed to SUBMITTED', 'create', id],
    ]);
    parts.clock.nowMs += 1_000;
    const rates = { upstreamRead: () => true };
    const freshTasks = createFreshTasks({ ...parts.deps, sync: parts.sync, rates, startTimer });
    await freshTasks.of([parts.tasks.find({ id })!], 'query');
    expect(takeLines()).toEqual([
      ['readVoiceTask', 'query', id],
      ['changed to PROCESSING', 'query', id],
    ]);
    await runNext(parts);
    expect(takeLines()).toEqual([['readVoiceTask', undefined, id]]);
    parts.clock.nowMs += 1_000;
    traced({ requestId: 'callback', taskId: id }, () => parts.ingest(id, snapshotOf('SUCCEEDED')));
    await parts.settle();
    expect(takeLines()).toEqual([['readVoiceTask', 'callback', id]]);
  });
});

it('log lines of a create whose answer was lost name the task, until it is found in the list', async ({ expect }) => {
  const { client } = scriptKling(['LOST_AFTER']);
  await withLog('lost', { kling: client }, async (parts, takeLines) => {
    const { id } = await traced({ requestId: 'create' }, () => createLipSyncOnce(parts));
    expect(takeLines()).toEqual([
      ['createLipSyncTask', 'create', id],
      ['create of unknown outcome', 'create', id],
      ['changed to QUEUED', 'create', id],
    ]);
    for (let i = 0; i < 3; i += 1) await runNext(parts);
    const later = takeLines();
    expect(later.map(([what]) => what)).toContain('listLipSyncTasks');
    expect(new Set(later.map(([, requestId, about]) => `${String(requestId)} ${String(about)}`))).toEqual(
      new Set([`undefined ${id}`]),
    );
  });
});

it('log lines of a poll name the task, also those of the search in Kling’s list', async ({ expect }) => {
  const kling: Partial<KlingClient> = {
    createLipSyncTask: () => Promise.reject(klingError('UNKNOWN')),
    readLipSyncTask: () => Promise.reject(klingError('REFUSED', 'NOT_FOUND')),
    listLipSyncTasks: () => Promise.reject(klingError('UNKNOWN')),
  };
  await withLog('polled', { kling }, async (parts, takeLines) => {
    const { id } = await createLipSyncOnce(parts);
    parts.ingest(id, null);
    await parts.settle();
    takeLines();
    await runNext(parts);
    expect(takeLines()).toEqual([
      ['readLipSyncTask', undefined, id],
      ['read failed', undefined, id],
      ['listLipSyncTasks', undefined, id],
      ['list of tasks not read', undefined, id],
    ]);
  });
});

it('the log line of a joint read names all its tasks, and the line of each end names its own task', async ({
  expect,
}) => {
  const kling: Partial<KlingClient> = {
    createVoiceTask: async (_request, { externalTaskId }) =>
      snapshotOf('SUBMITTED', { klingTaskId: `kling-${String(externalTaskId)}` }),
    readTasks: async ([running = '', ended = '']) => [
      { ...snapshotOf('PROCESSING', { klingTaskId: running }), outputs: [] },
      { ...snapshotOf('SUCCEEDED', { klingTaskId: ended }), outputs: [] },
    ],
    readVoiceTask: async (klingTaskId) => snapshotOf('SUCCEEDED', { klingTaskId }),
  };
  await withLog('together', { kling, readsTogether: true }, async (parts, takeLines) => {
    const { id: first } = await createVoiceOnce(parts);
    const { id: second } = await createVoiceOnce(parts);
    takeLines();
    parts.clock.nowMs += 10_000;
    await parts.alarmHandler.run();
    expect(takeLines()).toEqual([
      ['readTasks', undefined, [first, second]],
      ['changed to PROCESSING', undefined, first],
      ['readVoiceTask', undefined, second],
      ['changed to SUCCEEDED', undefined, second],
    ]);
  });
});
