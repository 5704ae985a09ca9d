import { useEffect, useRef } from 'react';
import { useMutation } from 'urql';
import { DeleteVoiceDocument, type Voice } from '../api/documents.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNotice } from '../ui/notice.tsx';

interface Props {
  readonly voice: Voice;
  readonly onClose: () => void;
}

export function DeleteVoice({ voice, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [{ fetching, error }, deleteVoice] = useMutation(DeleteVoiceDocument);
  useEffect(() => dialog.current?.showModal(), []);

  async function confirm(): Promise<void> {
    const { error: refused } = await deleteVoice({ input: { voiceId: voice.id } });
    if (refused === undefined) onClose();
  }

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="delete-voice" onClose={onClose}>
      <h2 id="delete-voice">Delete “{voice.name}”?</h2>
      <p className="muted">It cannot be brought back. Videos made with it stay.</p>
      {error === undefined ? null : <ErrorNotice error={error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" busy={fetching} onClick={() => void confirm()}>
          Delete voice
        </Button>
      </div>
    </dialog>
  );
}
