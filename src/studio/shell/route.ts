import { useSyncExternalStore } from 'react';

import { parseSearch, toSearch, type TaskFilter } from '../tasks/task-filter.ts';

/** The current screen. It is in the fragment of the URL, which is never sent to a server. */
export type Route =
  | { readonly screen: 'talk' }
  | { readonly screen: 'tasks'; readonly filter: TaskFilter }
  | { readonly screen: 'task'; readonly id: string }
  | { readonly screen: 'lip-sync' }
  | { readonly screen: 'voices' }
  | { readonly screen: 'files' }
  | { readonly screen: 'webhooks' }
  | { readonly screen: 'webhook'; readonly id: string }
  | { readonly screen: 'account' };

/** The scopes that open a screen. One of them suffices. */
const SCOPES: Readonly<Record<Route['screen'], readonly string[]>> = {
  talk: ['lipsync:write'],
  tasks: ['lipsync:read', 'voices:read'],
  task: ['lipsync:read', 'voices:read'],
  'lip-sync': ['lipsync:write'],
  voices: ['voices:read'],
  files: ['lipsync:read', 'voices:read'],
  webhooks: ['webhooks:read'],
  webhook: ['webhooks:read'],
  account: ['operator'],
};

/** Whether a token with these scopes opens the screen. */
export function isOpenTo(screen: Route['screen'], scopes: readonly string[]): boolean {
  return SCOPES[screen].some((scope) => scopes.includes(scope));
}

/** Returns the first screen of the navigation that a token with these scopes opens. Null if it opens no screen. */
export function firstScreen(scopes: readonly string[]): Route['screen'] | null {
  return (
    (['talk', 'tasks', 'lip-sync', 'voices', 'files', 'webhooks', 'account'] as const).find((screen) =>
      isOpenTo(screen, scopes),
    ) ?? null
  );
}

function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [screen, id = ''] = path.split('/');
  // The start page.
  if (screen === '') return { screen: 'talk' };
  if (screen === 'talk' || screen === 'lip-sync' || screen === 'voices' || screen === 'files' || screen === 'account')
    return { screen };
  if (screen === 'webhooks') return id === '' ? { screen } : { screen: 'webhook', id: decodeURIComponent(id) };
  return screen === 'tasks' && id !== ''
    ? { screen: 'task', id: decodeURIComponent(id) }
    : { screen: 'tasks', filter: parseSearch(search) };
}

export function taskHref(id: string): string {
  return `#/tasks/${encodeURIComponent(id)}`;
}

export function webhookHref(id: string): string {
  return `#/webhooks/${encodeURIComponent(id)}`;
}

export function tasksHref(filter: TaskFilter): string {
  return `#/tasks${toSearch(filter)}`;
}

/** Returns the filter of the task list. Null if another screen is shown. */
export function currentFilter(): TaskFilter | null {
  const route = parseRoute(location.hash);
  return route.screen === 'tasks' ? route.filter : null;
}

let lastList = '#/tasks';

/** Remembers the list, so that the back link of a task leads to it. */
export function rememberList(filter: TaskFilter): void {
  lastList = tasksHref(filter);
}

export function lastListHref(): string {
  return lastList;
}

function listen(onChange: () => void): () => void {
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(listen, () => location.hash);
  return parseRoute(hash);
}
