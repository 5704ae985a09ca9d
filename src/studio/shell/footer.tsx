import { useSyncExternalStore } from 'react';
import { Segments } from '../ui/segments.tsx';

const THEMES = [
  { value: 'system', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const;

export function Footer() {
  return (
    <footer className="footer">
      <Segments label="Colours" options={THEMES} value={useTheme()} onChange={chooseTheme} />
    </footer>
  );
}

export type Theme = 'system' | 'light' | 'dark';

/** The theme is kept for this browser, for all users. */
const KEY = 'studio.theme';
const listeners = new Set<() => void>();

function readTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Applies the theme. Called before the first render, and after every change, also in another tab. */
export function applyTheme(): void {
  const theme = readTheme();
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  for (const listener of listeners) listener();
}

addEventListener('storage', applyTheme);

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, readTheme);
}
