import { useSyncExternalStore } from 'react';

interface Said {
  readonly key: string;
  readonly text: string;
}

let said: Said | null = null;
let count = 0;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Has a screen reader say something when it is done with what it says. With a `key`, not the same twice in a row. */
export function announce(text: string, key?: string): void {
  if (key !== undefined && said?.key === key) return;
  count += 1;
  said = { text, key: key ?? String(count) };
  for (const listener of listeners) listener();
}

/** Where it is said. There before anything is: screen readers miss what comes with its region. */
export function Announcer() {
  const now = useSyncExternalStore(subscribe, () => said);
  return (
    <div role="status" className="visually-hidden">
      {now === null ? null : <p key={now.key}>{now.text}</p>}
    </div>
  );
}
