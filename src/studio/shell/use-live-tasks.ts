import { useEffect } from 'react';
import { useSubscription } from 'urql';
import { TasksChangedDocument, TasksDocument } from '../api/documents.ts';
import { useApi } from '../session/api-context.ts';

/**
 * Follows every change of the tenant's tasks, on whatever screen. The list is read again where the changes alone do not
 * tell all: a connection without a cursor, and a cursor too old to go on from.
 */
export function useLiveTasks(): void {
  const api = useApi();
  const [{ data }] = useSubscription({ query: TasksChangedDocument });
  const resync = data?.tasksChanged.resync ?? false;

  useEffect(() => {
    function readAgain(): void {
      void api.client.query(TasksDocument, {}, { requestPolicy: 'network-only' }).toPromise();
    }
    if (resync) readAgain();
    api.onConnected = () => {
      if (api.progress.cursor === null) readAgain();
    };
    return () => {
      api.onConnected = null;
    };
  }, [api, resync]);
}
