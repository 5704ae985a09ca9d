import { useState, useSyncExternalStore } from 'react';

/** The start of each key. Raise the number if a stored value gets another shape. */
const PREFIX = 'studio.draft.2.';
const TENANT_KEY = `${PREFIX}tenant`;

/** The longest value that is kept, in characters of JSON. A longer one, such as a large audio file, is lost in a reload. */
const VALUE_CHARS_MAX = 2_000_000;

/** A kept value, and what it belongs to, such as a scan. */
interface Kept {
  readonly of: string;
  readonly value: unknown;
}

/**
 * Opens the draft of a tenant, which survives a reload and a new sign-in in this tab. Forgets the draft of any other tenant:
 * call it before values are read.
 */
export function openDraft(tenant: string): void {
  if (sessionStorage.getItem(TENANT_KEY) === tenant) return;
  clearDraft();
  keep(TENANT_KEY, tenant);
}

/** Each listener, with the name of the value that its work belongs to. */
const listeners = new Map<() => void, string>();

/**
 * Calls back when a value of the draft is forgotten with the others, for work that belongs to it. Returns a function that
 * ends this.
 */
export function whenDraftIsCleared(name: string, listener: () => void): () => void {
  listeners.set(listener, name);
  return () => void listeners.delete(listener);
}

/** Forgets the draft. */
export function clearDraft(): void {
  for (const listener of listeners.keys()) listener();
  replaced = [];
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}

/** The entries of the draft that was replaced last, and the number of replacements. */
let replaced: readonly (readonly [key: string, text: string])[] = [];
let version = 0;
const watchers = new Set<() => void>();

/** The names of the screen "Make it talk" start with it. They stay when the draft of the editor is replaced. */
export const TALK = 'talk-';

/** The name of the video of that screen. */
export const TALK_VIDEO = `${TALK}video`;

/** The name of the editor's value that is true if "Make it talk" has filled in the others. */
export const FROM_TALK = 'from-talk';

function isEntry(key: string): boolean {
  return key.startsWith(PREFIX) && key !== TENANT_KEY && !key.startsWith(PREFIX + TALK);
}

/** Replaces what a tenant has drafted in the editor. Its screens start again: see `useDraftVersion`. */
export function replaceDraft(tenant: string, values: Readonly<Record<string, unknown>>): void {
  openDraft(tenant);
  const before = Object.entries<string>(sessionStorage).filter(([key]) => isEntry(key));
  replaceEntries(Object.entries(values).map(([name, value]) => [PREFIX + name, JSON.stringify({ of: '', value })]));
  replaced = before;
}

/** Whether the last replacement has removed a draft that `restoreDraft` can bring back. */
export function canRestoreDraft(): boolean {
  return replaced.length > 0;
}

/** Brings back the draft that was replaced last. */
export function restoreDraft(): void {
  replaceEntries(replaced);
}

function replaceEntries(entries: typeof replaced): void {
  for (const [listener, name] of listeners) if (isEntry(PREFIX + name)) listener();
  for (const key of Object.keys(sessionStorage)) if (isEntry(key)) sessionStorage.removeItem(key);
  for (const [key, text] of entries) keep(key, text);
  replaced = [];
  version += 1;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Returns a number that changes when the draft is replaced, to be part of a `key`. */
export function useDraftVersion(): number {
  return useSyncExternalStore(watch, () => version);
}

function keep(key: string, text: string): void {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // The storage is full or disabled. An older value must not come back.
    sessionStorage.removeItem(key);
  }
}

function readKept(name: string, of: string): unknown {
  const text = sessionStorage.getItem(PREFIX + name);
  if (text === null) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `writeKept` has written it
  const kept = JSON.parse(text) as Kept;
  return kept.of === of ? kept.value : null;
}

function writeKept(name: string, kept: Kept): void {
  const text = JSON.stringify(kept);
  if (text.length > VALUE_CHARS_MAX) sessionStorage.removeItem(PREFIX + name);
  else keep(PREFIX + name, text);
}

export function forgetDrafted(name: string): void {
  sessionStorage.removeItem(PREFIX + name);
}

/** Keeps a value of the draft, also for a screen that is not shown yet. */
export function writeDraft(name: string, value: unknown): void {
  writeKept(name, { of: '', value });
}

/** Returns a value of the draft as it is kept, also if another screen has written it. */
export function readDraft<T>(name: string, fallback: T): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each name has one type
  return (readKept(name, '') as T | null) ?? fallback;
}

/**
 * A state that is part of the draft. `of` says what the value belongs to: a value of something else is not restored. A new
 * value is kept at once, before a request that depends on it is sent.
 */
export function useDrafted<T>(name: string, initial: T, of = ''): readonly [value: T, setValue: (value: T) => void] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each name has one type
  const [value, setValue] = useState<T>(() => (readKept(name, of) as T | null) ?? initial);

  function set(next: T): void {
    writeKept(name, { of, value: next });
    setValue(next);
  }
  return [value, set];
}
