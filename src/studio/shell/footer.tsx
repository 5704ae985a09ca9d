import { Segments } from '../ui/segments.tsx';
import { chooseTheme, useTheme } from './theme.ts';

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
