import { useMutation } from 'urql';
import { DeleteVoiceDocument, type Voice } from '../api/voice-documents.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { ErrorNotice } from '../ui/notice.tsx';

interface Props {
  readonly voice: Voice;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

export function DeleteVoice({ voice, onClose, onDeleted }: Props) {
  const [{ fetching, error }, deleteVoice] = useMutation(DeleteVoiceDocument);

  async function confirm(): Promise<void> {
    const { error: refused } = await deleteVoice({ input: { voiceId: voice.id } });
    if (refused === undefined) onDeleted();
  }

  return (
    <ConfirmDialog
      title={`Delete “${voice.name}”?`}
      keepLabel="Keep it"
      confirmLabel="Delete voice"
      busy={fetching}
      onClose={onClose}
      onConfirm={() => void confirm()}
    >
      <p className="muted">It cannot be brought back. Videos made with it stay.</p>
      {error === undefined ? null : <ErrorNotice error={error} />}
    </ConfirmDialog>
  );
}
