import { useState } from 'react';
import { useClient, type CombinedError } from 'urql';
import type { Task } from '../api/documents.ts';
import { useScopes, useTenant } from '../session/api-context.ts';
import { openDraft, replaceDraft, writeDraft } from '../session/draft.ts';
import { createLazyScreen } from '../shell/lazy-screen.tsx';
import { Button } from '../ui/button.tsx';
import { ErrorNotice, Notice } from '../ui/notice.tsx';
import { titleOf } from './task-words.ts';

const SCREENS = { LipSyncTask: '#/lip-sync', VoiceTask: '#/voices' } as const;
const SCOPES = { LipSyncTask: 'lipsync:write', VoiceTask: 'voices:write' } as const;

type State = 'idle' | 'reading' | 'missing' | CombinedError;

/** Fills in the form with what the task was made from. The user changes it, and creates a new task. */
export function RunAgain({ task }: { readonly task: Task }) {
  const client = useClient();
  const tenant = useTenant();
  const scopes = useScopes();
  const [state, setState] = useState<State>('idle');
  if (tenant === null || scopes?.includes(SCOPES[task.__typename]) !== true) return null;

  async function fillIn(owner: string): Promise<void> {
    setState('reading');
    // Loaded now, because the list of tasks does not need it.
    const { TaskInputDocument, toLipSyncDraft, toVoiceDraft } = await import('./task-input.ts');
    const { data, error } = await client
      .query(TaskInputDocument, { id: task.id }, { requestPolicy: 'network-only' })
      .toPromise();
    const input = data?.node;
    if (input?.__typename === 'LipSyncTask') {
      replaceDraft(owner, toLipSyncDraft(input, titleOf(task), Date.now()));
    } else if (input?.__typename === 'VoiceTask') {
      openDraft(owner);
      writeDraft('voice-again', toVoiceDraft(input));
    } else {
      setState(error ?? 'missing');
      return;
    }
    location.hash = SCREENS[task.__typename];
  }

  return (
    <>
      <Button busy={state === 'reading'} onPress={() => void fillIn(tenant).catch(() => setState('missing'))}>
        Run again with the same input
      </Button>
      {typeof state === 'string' ? null : <ErrorNotice error={state} />}
      {state === 'missing' ? (
        <div role="alert">
          <Notice tone="warning" title="Couldn’t read the input">
            Check your connection. The task may also have been deleted.
          </Notice>
        </div>
      ) : null}
    </>
  );
}

/** Loaded when it is asked for. Dialogs are large, and few tasks need this one. */
const PayAgainDialog = createLazyScreen(async () => (await import('./pay-again.tsx')).PayAgainDialog);

/** Makes the same task again after a lost answer of Kling, which may have been charged. Asks before it pays again. */
export function PayAgain({ task }: { readonly task: Task }) {
  const scopes = useScopes();
  const [isAsking, setAsking] = useState(false);
  if (scopes?.includes(SCOPES[task.__typename]) !== true) return null;
  return (
    <>
      <Button onPress={() => setAsking(true)}>Run again…</Button>
      {isAsking ? <PayAgainDialog task={task} onClose={() => setAsking(false)} /> : null}
    </>
  );
}
