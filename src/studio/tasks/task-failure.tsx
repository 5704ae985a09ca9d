import type { Task } from '../api/documents.ts';
import { Notice } from '../ui/notice.tsx';
import { FAILURE_WORDS } from './task-words.ts';

interface Props {
  readonly failure: NonNullable<Task['failure']>;
  readonly kind: Task['__typename'];
  readonly onRetry?: () => void;
}

export function TaskFailure({ failure, kind, onRetry }: Props) {
  const { title, advice } = FAILURE_WORDS[failure.code];
  return (
    <div role="alert">
      <Notice tone="danger" title={title}>
        <p>{advice}</p>
        <p>
          Kling says: <q>{failure.message}</q>
        </p>
        <p>
          <a href={kind === 'LipSyncTask' ? '#/lip-sync' : '#/voices'} onClick={onRetry}>
            Make a new attempt
          </a>
        </p>
      </Notice>
    </div>
  );
}
