import { type Ledger, type Upstream, type Watch, writeScopes } from '../domain/ports.ts';
import { TASK_KINDS, type TaskKind } from '../domain/task.ts';
import type { TaskFilter } from '../domain/list.ts';
import { isPermitted, requireScope, type Scope, type Viewer } from '../domain/viewer.ts';

/** The scope that reads each kind of task, and what belongs to it. */
const READ = { LIP_SYNC: 'lipsync:read', VOICE: 'voices:read' } as const satisfies Record<TaskKind, Scope>;

/** Limits a tenant's ledger to the viewer's scopes. Every other method throws `FORBIDDEN` before it calls the ledger. */
export function createScopedLedger(ledger: Ledger, viewer: Viewer): Ledger {
  const may = (scope: Scope): void => requireScope(viewer, scope);

  return {
    async write(name, input) {
      requireScope(viewer, ...writeScopes(name, input));
      return ledger.write(name, input);
    },
    async task(reference) {
      mayReadTasks(viewer);
      const task = await ledger.task(reference);
      if (task !== null) may(READ[task.kind]);
      return task;
    },
    async tasks(filter, window, order) {
      return ledger.tasks(readableTasks(viewer, filter), window, order);
    },
    async queuePosition(taskId) {
      mayReadTasks(viewer);
      return ledger.queuePosition(taskId);
    },
    async events(watch, window) {
      return ledger.events(readableWatch(viewer, watch), window);
    },
    async faceScan(id) {
      may('lipsync:read');
      return ledger.faceScan(id);
    },
    async faceScans(window) {
      may('lipsync:read');
      return ledger.faceScans(window);
    },
    async speech(audioId) {
      may('lipsync:read');
      return ledger.speech(audioId);
    },
    async speeches(window) {
      may('lipsync:read');
      return ledger.speeches(window);
    },
    async voice(voiceId) {
      may('voices:read');
      return ledger.voice(voiceId);
    },
    async voices(window) {
      may('voices:read');
      return ledger.voices(window);
    },
    async mediaById(id) {
      mayReadTasks(viewer);
      return ledger.mediaById(id);
    },
    async media(window) {
      mayReadTasks(viewer);
      return ledger.media(window);
    },
    async receivedBytes(mediaId) {
      mayReadTasks(viewer);
      return ledger.receivedBytes(mediaId);
    },
    async fileUsage() {
      mayReadTasks(viewer);
      return ledger.fileUsage();
    },
    async usage(month) {
      mayReadTasks(viewer);
      return ledger.usage(month);
    },
    async lipSyncQuote(input) {
      requireScope(viewer, ...writeScopes('createLipSyncTask', input));
      return ledger.lipSyncQuote(input);
    },
    async webhookEndpoint(id) {
      may('webhooks:read');
      return ledger.webhookEndpoint(id);
    },
    async webhookEndpoints() {
      may('webhooks:read');
      return ledger.webhookEndpoints();
    },
    async webhookDelivery(id) {
      may('webhooks:read');
      return ledger.webhookDelivery(id);
    },
    async webhookDeliveries(endpointId, status, window) {
      may('webhooks:read');
      return ledger.webhookDeliveries(endpointId, status, window);
    },
  };
}

/** Limits the reads of Kling to the viewer's scopes. The preset voices need only the scope that reads voices. */
export function createScopedUpstream(upstream: Upstream, viewer: Viewer): Upstream {
  const may = (scope: Scope): void => requireScope(viewer, scope);
  return {
    async presetVoices() {
      requireScope(viewer, 'operator', 'voices:read');
      return await upstream.presetVoices();
    },
    async klingTasks(list, page) {
      may('operator');
      return await upstream.klingTasks(list, page);
    },
    async klingTask(list, id) {
      may('operator');
      return await upstream.klingTask(list, id);
    },
    async listResourcePacks(request) {
      may('operator');
      return await upstream.listResourcePacks(request);
    },
  };
}

/** Narrows a filter to the kinds that the viewer may read. Throws `FORBIDDEN` if none is left. */
export function readableTasks(viewer: Viewer, filter: TaskFilter): TaskFilter {
  if (filter.kind === null) mayReadTasks(viewer);
  else requireScope(viewer, READ[filter.kind]);
  const kinds = TASK_KINDS.filter((kind) => isPermitted(viewer, READ[kind]));
  const [only = null, ...others] = kinds;
  return filter.kind === null && others.length === 0 ? { ...filter, kind: only } : filter;
}

/** Narrows a watch to the tasks that the viewer may read. Throws `FORBIDDEN` if it may read none of them. */
export function readableWatch(viewer: Viewer, watch: Watch): Watch {
  if (watch.task === null) return { ...watch, filter: readableTasks(viewer, watch.filter) };
  requireScope(viewer, READ[watch.task.kind]);
  return watch;
}

function mayReadTasks(viewer: Viewer): void {
  requireScope(viewer, 'voices:read', 'lipsync:read');
}
