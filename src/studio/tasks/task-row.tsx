import { useState } from 'react';
import type { Task } from '../api/documents.ts';
import { taskHref } from '../shell/route.ts';
import { formatClock, formatDateTime, formatRelative } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { useNow } from '../ui/use-now.ts';
import { costOf, durationMs, failureWordsOf, isFinal, KIND_LABELS, titleOf, STATUS_LABELS } from './task-words.ts';

const TICK_MS = 1000;

/** Returns the text of a row beside kind and status. */
function summaryOf(task: Task): string {
  if (task.failure !== null) return failureWordsOf(task.failure.code, task.__typename).title;
  return costOf(task) ?? '';
}

export function TaskRow({ task }: { readonly task: Task }) {
  const final = isFinal(task);
  const kind = KIND_LABELS[task.__typename];
  const now = useNow(final ? 30_000 : TICK_MS);
  const elapsedMs = final ? durationMs(task) : now - new Date(task.createdAt).getTime();
  return (
    <li>
      <a className="task-row" href={taskHref(task.id)} data-status={task.status}>
        <TaskPicture task={task} />
        <span className="task-what">
          <span className="task-title">{titleOf(task)}</span>
          <span className="muted">
            {[titleOf(task) === kind ? null : kind, summaryOf(task)].filter(Boolean).join(' · ')}
          </span>
        </span>
        <StatusBadge status={task.status} />
        <span className="task-elapsed">{formatClock(elapsedMs)}</span>
        <time className="task-when muted" dateTime={task.createdAt} title={formatDateTime(task.createdAt)}>
          {formatRelative(task.createdAt, now)}
        </time>
      </a>
    </li>
  );
}

/** Shows the face of a lip-sync, or an icon if there is no picture. */
function TaskPicture({ task }: { readonly task: Task }) {
  const url = task.__typename === 'LipSyncTask' ? (task.face?.imageUrl ?? null) : null;
  const [brokenUrl, setBrokenUrl] = useState<string | null>(null);
  return (
    <span className="task-kind">
      {url === null || url === brokenUrl ? (
        <Icon name={task.__typename === 'LipSyncTask' ? 'film' : 'wave'} />
      ) : (
        <img className="task-face" src={url} alt="" width={40} height={40} onError={() => setBrokenUrl(url)} />
      )}
    </span>
  );
}

export function StatusBadge({ status }: { readonly status: Task['status'] }) {
  return (
    <span className="badge" data-status={status}>
      {STATUS_LABELS[status]}
    </span>
  );
}
