import { useSyncExternalStore } from 'react';

/** Which screen is shown. It stands in the fragment, which no server sees. */
export type Route =
  | { readonly screen: 'tasks' }
  | { readonly screen: 'task'; readonly id: string }
  | { readonly screen: 'lip-sync' }
  | { readonly screen: 'voices' };

function parseRoute(hash: string): Route {
  const [screen = '', id = ''] = hash.replace(/^#\/?/, '').split('/');
  if (screen === 'lip-sync' || screen === 'voices') return { screen };
  return screen === 'tasks' && id !== '' ? { screen: 'task', id: decodeURIComponent(id) } : { screen: 'tasks' };
}

export function taskHref(id: string): string {
  return `#/tasks/${encodeURIComponent(id)}`;
}

function listen(onChange: () => void): () => void {
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(listen, () => location.hash);
  return parseRoute(hash);
}
