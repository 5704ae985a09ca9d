import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface Props {
  readonly icon: IconName;
  readonly title: string;
  readonly action?: { readonly href: string; readonly label: string };
  readonly children: ReactNode;
}

export function EmptyState({ icon, title, action, children }: Props) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      <p className="muted">{children}</p>
      {action === undefined ? null : (
        <a className="button button-primary" href={action.href}>
          {action.label}
        </a>
      )}
    </div>
  );
}

/** Placeholder rows while a list loads. */
export function Skeleton({ rows, label }: { readonly rows: number; readonly label: string }) {
  return (
    <div role="status" className="skeleton">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="skeleton-row" />
      ))}
    </div>
  );
}
