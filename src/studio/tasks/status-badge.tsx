import type { Task } from '../api/documents.ts';
import { STATUS_LABELS } from './task-words.ts';

export function StatusBadge({ status }: { readonly status: Task['status'] }) {
  return (
    <span className="badge" data-status={status}>
      {STATUS_LABELS[status]}
    </span>
  );
}
