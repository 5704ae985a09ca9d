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

/** Lets a screen reader speak a text after its current one. A text with the same `key` as the last is skipped. */
export function announce(text: string, key?: string): void {
  if (key !== undefined && said?.key === key) return;
  count += 1;
  said = { text, key: key ?? String(count) };
  for (const listener of listeners) listener();
}

/** The live region. It must exist before the first text, because screen readers ignore the text of a new region. */
export function Announcer() {
  const now = useSyncExternalStore(subscribe, () => said);
  return (
    <div role="status" className="visually-hidden">
      {now === null ? null : <p key={now.key}>{now.text}</p>}
    </div>
  );
}
