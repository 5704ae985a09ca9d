const PATHS = {
  list: 'M4 6h12M4 10h12M4 14h8',
  plus: 'M10 4v12M4 10h12',
  wave: 'M3 8.5v3M6.5 6v8M10 3.5v13M13.5 6v8M17 8.5v3',
  check: 'M4.5 10.5l3.5 3.5 7.5-8',
  alert: 'M10 6.5v4.2M10 13.6v.1M10 2.8l7.6 13.4H2.4z',
  info: 'M10 9v4.5M10 6.4v.1M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 1 0 0-14.4',
  play: 'M7 4.8v10.4l8.2-5.2z',
  pause: 'M7 5v10M13 5v10',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6',
  film: 'M3 4.5h14v11H3zM7 4.5v11M13 4.5v11',
  gauge: 'M3.5 14a6.5 6.5 0 1 1 13 0M10 14l3-4',
  back: 'M11.5 5L6.5 10l5 5',
  microphone:
    'M10 3a2.3 2.3 0 0 0-2.3 2.3v4.4a2.3 2.3 0 0 0 4.6 0V5.3A2.3 2.3 0 0 0 10 3M5 9.5a5 5 0 0 0 10 0M10 14.5V17',
  camera: 'M3 6h9v8H3zM12 9l5-2.5v7L12 11z',
  folder: 'M3 5h5l1.5 2H17v8.5H3z',
  talk: 'M3.5 4.5h13v8.5H9.5L6 16v-3H3.5zM7 8.8h.1M10 8.8h.1M13 8.8h.1',
  chevron: 'M8 5.5l4.5 4.5L8 14.5',
  send: 'M3.5 9.5L16.5 4l-4 12.5-3.2-5.3zM9.3 11.2L16.5 4',
  download: 'M10 3.5v9M6.2 9L10 12.8 13.8 9M4 16.2h12',
} as const;

export type IconName = keyof typeof PATHS;

/** An icon without a text alternative. A label must be beside it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M8 13v6M12 10v12M16 13v6M20 8v16M24 13v6" />
    </svg>
  );
}
