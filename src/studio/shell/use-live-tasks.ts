import { useEffect } from 'react';
import type { Api } from '../api/client.ts';
import { EventDocument, TasksChangedDocument, TasksDocument, type Task } from '../api/documents.ts';
import { VoicesDocument } from '../api/voice-documents.ts';
import { useApi } from '../session/api-context.ts';
import { announceTask } from '../tasks/followed-tasks.ts';
import { toSearch, toVariables } from '../tasks/task-filter.ts';
import { currentFilter } from './route.ts';

/** Changes what the cache knows of the task, and every list that it belongs to or does no more. */
function noteEvent({ client }: Api, cursor: string, task: Task): void {
  const answer = async () => Response.json({ data: { node: task } });
  const options = { requestPolicy: 'network-only', fetch: answer } as const;
  void client.query(EventDocument, { id: task.id, cursor }, options).toPromise();
  // A finished voice is in a list that only the gateway can make.
  if (task.__typename !== 'VoiceTask' || task.status !== 'SUCCEEDED') return;
  void client.query(VoicesDocument, {}, { requestPolicy: 'network-only' }).toPromise();
}

/** The lists that are shown or stood on, as they are now. */
function readAgain({ client }: Api): void {
  const shown = currentFilter();
  const lists = [{}, ...(shown === null || toSearch(shown) === '' ? [] : [toVariables(shown)])];
  for (const variables of lists) {
    void client.query(TasksDocument, variables, { requestPolicy: 'network-only' }).toPromise();
  }
}

/**
 * Follows every change of the tenant's tasks, on whatever screen. The list is read again where the changes alone do not
 * tell all: a connection without a cursor, and a cursor too old to go on from.
 */
export function useLiveTasks(): void {
  const api = useApi();
  useEffect(() => {
    const live = api.client.subscription(TasksChangedDocument, {}).subscribe(({ data }) => {
      if (!data) return;
      const { cursor, task, resync } = data.tasksChanged;
      noteEvent(api, cursor, task);
      announceTask(task);
      if (resync) readAgain(api);
    });
    api.onConnected = () => {
      if (api.progress.cursor === null) readAgain(api);
    };
    return () => {
      api.onConnected = null;
      live.unsubscribe();
    };
  }, [api]);
}
