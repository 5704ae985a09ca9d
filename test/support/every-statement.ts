import { mediaRecord } from './fake-ledger.ts';
import { runInDurableObject } from 'cloudflare:test';
import { OwnerStore } from '../../src/account/kling-account.ts';
import { SlotStore } from '../../src/account/slots.ts';
import type { Speech } from '../../src/domain/records.ts';
import { RegistrationStore } from '../../src/hub/registrations.ts';
import { ShardStore } from '../../src/ledger/stores/events.ts';
import { bytesKept } from '../../src/ledger/stores/files.ts';
import { retainedRowsOf } from '../../src/ledger/stores/retention.ts';
import { EndpointStore } from '../../src/ledger/stores/webhooks.ts';
import { DeliveryStore } from '../../src/webhooks/delivery-store.ts';
import { createParts, type LedgerParts, RETENTION } from './ledger-parts.ts';
import { createLipSyncOnce, createVoiceOnce, FACE_SCAN, lipSyncOf } from './ledger-tasks.ts';
import { env, ledgerOf } from './ledger.ts';
import { snapshotOf } from './snapshots.ts';

const SPEECH: Speech = {
  audioId: 'a',
  klingTaskId: null,
  url: 'https://example.com/a.mp3',
  durationMs: 5000,
  createdAtMs: 0,
  unitsDeducted: null,
  klingRequestId: null,
  text: 'Hello',
  voiceId: 'v',
  language: 'en',
  speed: 1,
};

/** Makes every object run each of its SQL statements: through its operations, and rare ones through its store. */
export async function runEveryStatement(): Promise<void> {
  await runInDurableObject(ledgerOf('every statement'), async (_instance, { storage }) => {
    const parts = createParts(storage, {
      kling: {
        createVoiceTask: async () => snapshotOf('SUBMITTED'),
        createLipSyncTask: async () => lipSyncOf(snapshotOf('SUBMITTED'), false),
      },
      limits: { eventsPerTaskMax: 1, milliunitsPerMonthMax: 1_000_000 },
    });
    await runTasks(parts);
    runLists(parts);
    runHoldings(parts);
    runShards(new ShardStore(storage.sql));
    runEndpoints(new EndpointStore(storage.sql));
    runFiles(parts);
    runMedia(parts);
    bytesKept(storage.sql);
    const { events, limits } = parts.deps;
    for (const table of retainedRowsOf(storage.sql, events, { ...limits, ...RETENTION })) {
      table.oldestAtMs();
      table.deleteUntil(parts.clock.nowMs, 1);
    }
  });
  await runInDurableObject(env.KLING_ACCOUNT.getByName('every statement'), (_instance, { storage }) =>
    runAccount(new SlotStore(storage.sql), new OwnerStore(storage.sql)),
  );
  await runInDurableObject(env.WEBHOOK.getByName('every statement'), (_instance, { storage }) =>
    runDeliveries(new DeliveryStore(storage.sql, 'every')),
  );
  await runInDurableObject(env.HUB.getByName('every statement'), (_instance, { storage }) =>
    runHub(new RegistrationStore(storage)),
  );
}

async function runTasks(parts: LedgerParts): Promise<void> {
  const { deps, journal, clock, tasks } = parts;
  const { id } = await createVoiceOnce(parts, 'external');
  const lipSync = await createLipSyncOnce(parts);
  tasks.find({ externalId: 'external' });
  tasks.markRead(id, clock.nowMs);
  tasks.request(id);
  journal.apply(id, null, { tries: 1 });
  journal.apply(id, { type: 'SNAPSHOT', snapshot: snapshotOf('PROCESSING') });
  deps.tasks.madeVideoMs('video');
  deps.tasks.waiting();
  deps.tasks.milliunitsPending();
  deps.claims.count();
  deps.claims.list();
  deps.claims.wantingOf([id]);
  journal.apply(lipSync.id, null, { phase: 'WAITING' });
  deps.claims.queuePositionsOf([lipSync.id]);
  deps.wakes.due(clock.nowMs, 1);
  deps.wakes.polledBetween(0, clock.nowMs, 1);
  deps.wakes.atKling(1);
  deps.wakes.preparing(1);
  deps.wakes.wakeUnanswered(clock.nowMs);
  deps.wakes.hasten(clock.nowMs, 1);
  deps.wakes.wakeWaitingFor(id, clock.nowMs);
  deps.tasks.replaceRequest(lipSync.id, '{}');
  const row = tasks.find({ id: lipSync.id })!;
  tasks.writeRecord({ record: row.record, milliunits: 0 });
  tasks.remove(lipSync.id);
  tasks.spend('spent', clock.nowMs);
  tasks.isSpent('spent');
  deps.events.deleteOf(lipSync.id);
}

function runLists({ queries, deps }: LedgerParts): void {
  const window = { first: 10, after: null };
  const filter = { kind: null, statuses: [] };
  queries.tasks(filter, window);
  queries.tasks({ ...filter, createdFromMs: 0 }, window, 'OLDEST_FIRST');
  queries.tasks({ ...filter, kind: 'VOICE' }, window);
  queries.tasks({ ...filter, label: 'label' }, window, 'OLDEST_FIRST');
  queries.voices(window);
  deps.events.forgotten();
  queries.events({ task: null, filter }, window);
  queries.events({ task: { id: 'task-1', kind: 'VOICE' }, filter }, window);
  const state = queries.catchUp({ task: null, filter }, null, null, null);
  queries.catchUp({ task: null, filter: { ...filter, label: 'label' } }, null, null, null);
  deps.events.append(deps.tasks.find({ id: 'task-1' })!.record, deps.now(), 1);
  queries.catchUp({ task: null, filter }, null, null, { taskSeqs: [1], headSeq: state.headSeq, resync: false });
}

function runHoldings({ deps: { assets, paidCalls }, clock }: LedgerParts): void {
  assets.keepVoice({ voiceId: 'v', name: 'Ann', trialUrl: null, owner: 'ACCOUNT', ownerId: null });
  assets.voice('v');
  assets.forgetVoice('v', clock.nowMs);
  assets.keepFaceScan({ ...FACE_SCAN, id: 'another' });
  assets.faceScan('another');
  assets.scanOfSession('session-1');
  assets.scanOfVideo('video');
  assets.faceScans(null, 1);
  assets.keepScanLength('another', 5000);
  assets.keepSpeech(SPEECH, clock.nowMs);
  assets.speech('a');
  assets.speeches(null, 1);
  assets.speechDurationMs('a');
  assets.addMilliunits('2026-11', 1);
  assets.milliunitsUsed('2026-11');
  paidCalls.byKey('key');
  for (const id of ['1', '2', '3']) paidCalls.begin(id, `key-${id}`, '', clock.nowMs);
  paidCalls.hold('1', '{}');
  paidCalls.holdAsset('1', SPEECH, clock.nowMs);
  paidCalls.nextAtMs();
  for (const { id } of paidCalls.unclaimed(clock.nowMs, 1)) paidCalls.triedClaim(id, null);
  paidCalls.finish('1');
  paidCalls.lose('2');
  paidCalls.remove('3');
  paidCalls.unansweredIn('2026-11');
}

function runFiles({ deps: { doomed, archived, assets } }: LedgerParts): void {
  const file = { part: 'video:0', url: 'https://example.com/v.mp4', voiceId: 'v' } as const;
  archived.add('archived', 'task-1', file, 1, 1);
  archived.renew('task-1', file);
  archived.due(1, 1);
  archived.nextAtMs(0);
  archived.begin('archived', 1);
  archived.reserve('archived', 1);
  archived.failed('archived', 1);
  archived.stored('archived', 1);
  archived.ofVoice('v');
  archived.firstExpiryMs();
  archived.expired(1, 1);
  archived.remove('archived');
  assets.keepSample('v', { id: 'archived', extension: 'mp3' });
  assets.keepPicture('another', 'face:0', { id: 'archived', extension: 'jpg' }, 1);
  assets.forgetPicture('another', 'face:0');
  doomed.add('file', 1);
  doomed.addUnfinished('upload', 'file', 1);
  doomed.due(1, 1);
  doomed.nextAtMs();
  doomed.tried(['file'], 1);
  doomed.remove(['file']);
}

function runEndpoints(endpoints: EndpointStore): void {
  const made = { id: 'e', url: '', description: null, statuses: [], isPaused: false, pausedReason: null };
  const endpoint = { ...made, createdAtMs: 0 };
  endpoints.insert(endpoint, 1);
  endpoints.add('e', 0);
  endpoints.change({ endpoint, revision: 2, pauseRevision: 1 }, 1);
  endpoints.report(endpoint);
  endpoints.count();
  endpoints.list();
  endpoints.live('e');
  endpoints.unsynced(1);
  endpoints.synced('e', 2);
  endpoints.retrySync('e', 1);
  endpoints.oweResync('e', true);
  endpoints.nextAtMs();
  endpoints.find('e');
  endpoints.names();
  endpoints.due(1);
  endpoints.owe(1);
  endpoints.begin('e', 1);
  endpoints.applied('e', 1, null);
  endpoints.failed('e', 1);
  endpoints.doom('e', 1);
  endpoints.delete('e');
}

function runDeliveries(deliveries: DeliveryStore): void {
  const task = { id: 't', kind: 'VOICE' } as const;
  const n = deliveries.insert({ seq: 1, task, url: null, isManual: false, body: '{}' }, 1);
  deliveries.body(n);
  for (const isPaused of [true, false]) {
    deliveries.nextDueAtMs(isPaused);
    deliveries.take(1, isPaused, 2);
  }
  deliveries.hasten(1, []);
  deliveries.step({ n, status: 'SUCCEEDED', dueAtMs: null, isManual: false, fails: 0, attempts: [] });
  deliveries.sums();
  deliveries.list(null, { first: 1, after: null });
  deliveries.list('FAILED', { first: 1, after: null });
  deliveries.retainedRows().oldestAtMs();
  deliveries.retainedRows().deleteUntil(1, 1);
  deliveries.deleteOldestEnded(1);
}

function runMedia({ deps: { media } }: LedgerParts): void {
  const record = mediaRecord('file');
  media.insert(record, 1, { url: 'https://example.com/clip.mp4', wakeAtMs: 1 });
  media.find('file');
  media.list(null, 1);
  media.sums();
  media.dueFetches(1, 1);
  media.nextAtMs();
  media.triedFetch('file', 1);
  media.fetchBegun('file');
  media.update(record, 1);
  media.remove('file');
}

function runShards(shards: ShardStore): void {
  shards.add('shard', 0);
  shards.find('shard');
  shards.names();
  shards.due(1);
  shards.nextDueAtMs();
  shards.owe(1);
  shards.begin('shard', 1);
  shards.applied('shard', 1, null);
  shards.failed('shard', 1);
  shards.remove('shard');
}

function runAccount(slots: SlotStore, owners: OwnerStore): void {
  slots.put('1', 'a', 'WAITING', 1);
  slots.put('1', 'a', 'HELD', 1);
  slots.next();
  slots.countOf('a');
  slots.heldBy('a', 1);
  slots.auditUntold(1);
  slots.seen('1', 1);
  slots.wantAudit('a', 1);
  for (const audit of slots.auditsDue(2, 1)) slots.planAudit(audit, 3);
  slots.nextAuditAtMs();
  slots.remove('1', 1);
  owners.claim('VIDEO:1', 'a', 1);
  owners.tenantOf('VIDEO:1');
  for (const table of [slots.retainedRows(1), owners.retainedRows(1)]) {
    table.oldestAtMs();
    table.deleteUntil(1, 1);
  }
}

function runHub(registrations: RegistrationStore): void {
  const registration = { socketId: 's', id: '1', tenant: 'a', key: 'k', cost: 1, floorSeq: 0, owesResync: true };
  const filter = { kind: null, statuses: [] };
  registrations.put(
    { ...registration, watch: { task: null, filter } },
    { query: '', operationName: null, variables: {} },
  );
  registrations.operation('s', '1');
  registrations.resynced('s', '1');
  registrations.ofSockets(new Set(['s']));
  registrations.remove('s', '1');
  registrations.removeSocket('s');
  registrations.setApplied('a', 1);
  registrations.appliedSeq('a');
  registrations.forgetTenant('a');
}
