import { useEffect } from 'react';
import type { Api } from '../api/client.ts';
import { EventDocument, TaskUpdatesDocument, TasksDocument, type Task } from '../api/documents.ts';
import { VoicesDocument } from '../api/voice-documents.ts';
import { useApi } from '../session/api-context.ts';
import { announceTask } from '../tasks/followed-tasks.ts';
import { toSearch, toVariables } from '../tasks/task-filter.ts';
import { currentFilter } from './route.ts';

/** Updates the task in the cache, and every list that it has joined or left. */
function noteEvent({ client }: Api, cursor: string, task: Task): void {
  const answer = async () => Response.json({ data: { node: task } });
  const options = { requestPolicy: 'network-only', fetch: answer } as const;
  void client.query(EventDocument, { id: task.id, cursor }, options).toPromise();
  // A finished voice changes the list of voices, which only the gateway knows.
  if (task.__typename !== 'VoiceTask' || task.status !== 'SUCCEEDED') return;
  void client.query(VoicesDocument, {}, { requestPolicy: 'network-only' }).toPromise();
}

/** Reloads the task lists: the shown one, and the unfiltered one. */
function reload({ client }: Api): void {
  const shown = currentFilter();
  const lists = [{}, ...(shown === null || toSearch(shown) === '' ? [] : [toVariables(shown)])];
  for (const variables of lists) {
    void client.query(TasksDocument, variables, { requestPolicy: 'network-only' }).toPromise();
  }
}

/**
 * Follows every change of the tenant's tasks, on all screens. Reloads the lists if the changes do not suffice: after a
 * connection without a cursor, and after a resync.
 */
export function useLiveTasks(): void {
  const api = useApi();
  useEffect(() => {
    const live = api.client.subscription(TaskUpdatesDocument, {}).subscribe(({ data }) => {
      if (!data) return;
      const { cursor, task, resync } = data.taskUpdates;
      noteEvent(api, cursor, task);
      announceTask(task);
      if (resync) reload(api);
    });
    api.onConnected = () => {
      if (api.progress.cursor === null) reload(api);
    };
    return () => {
      api.onConnected = null;
      live.unsubscribe();
    };
  }, [api]);
}
