/** Formats a duration as `0:07`, `2:05` or `1:02:03`. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3600);
  const [minutes = 0, rest = 0] = parts;
  const tail = `${hours > 0 ? String(minutes).padStart(2, '0') : minutes}:${String(rest).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/** Formats a duration as `2.5 s`, without trailing zeros. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2).replace(/\.?0+$/, '')} s`;
}

/** Formats a size as `640 KB` or `3.2 MB`. A megabyte has 1,000,000 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} KB`;
  return `${(bytes / 1_000_000).toFixed(1).replace(/\.0$/, '')} MB`;
}

/** Formats an amount as `1 unit` or `0.5 units`. */
export function formatUnits(units: string): string {
  return `${units} ${units === '1' ? 'unit' : 'units'}`;
}

/** Formats a duration roughly, as `4 s` or `3 min`. */
export function formatRoughly(ms: number): string {
  return ms < 90_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export function formatDateTime(iso: string): string {
  return dateTime.format(new Date(iso));
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** Formats a time as `3 minutes ago`, `in 29 days` or `just now`. */
export function formatRelative(iso: string, nowMs: number): string {
  const ms = new Date(iso).getTime() - nowMs;
  const unit = UNITS.find(([, size]) => Math.abs(ms) >= size);
  return unit === undefined ? 'just now' : relative.format(Math.round(ms / unit[1]), unit[0]);
}
