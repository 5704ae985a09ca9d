import { useRef } from 'react';
import { useMutation } from 'urql';
import { RetryTaskDocument, type Task } from '../api/documents.ts';
import { workOf } from '../api/failure.ts';
import { taskHref } from '../shell/route.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { costOf, newExternalId } from './task-words.ts';

interface Props {
  readonly task: Task;
  readonly onClose: () => void;
}

/** Asks whether a task that may have been charged is made again. Then shows the new task. */
export function PayAgainDialog({ task, onClose }: Props) {
  // A repeat after a lost answer has the same id, so it returns the same task and is charged once.
  const externalId = useRef(newExternalId());
  const [{ fetching, data, error }, retry] = useMutation(RetryTaskDocument);
  const variables = { taskId: task.id, payAgain: true };

  async function confirm(): Promise<void> {
    const answered = await retry({ ...variables, externalId: externalId.current });
    const made = workOf(answered.data?.retryTask);
    if (made === null) return;
    onClose();
    location.hash = taskHref(made.id);
  }

  return (
    <ConfirmDialog
      title="Run again, and pay again?"
      keepLabel="Cancel"
      confirmLabel="Run again"
      busy={fetching}
      onClose={onClose}
      onConfirm={() => void confirm()}
    >
      <p className="muted">
        Kling’s answer was lost, and it may have been charged. The new task costs:{' '}
        {costOf({ ...task, unitsCharged: null }) ?? 'not known yet'}.
      </p>
      <CopyAs
        action="Run again"
        document={RetryTaskDocument}
        variables={() => ({ ...variables, externalId: newExternalId() })}
      />
      <ErrorNotice error={error} answer={data?.retryTask} />
    </ConfirmDialog>
  );
}
