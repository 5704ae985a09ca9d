import { useMutation } from 'urql';
import { DeleteVoiceDocument, type Voice } from '../api/voice-documents.ts';
import { workOf } from '../api/failure.ts';
import { CopyAs } from '../ui/copy-as.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';

interface Props {
  readonly voice: Voice;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

export function DeleteVoice({ voice, onClose, onDeleted }: Props) {
  const [{ fetching, data, error }, deleteVoice] = useMutation(DeleteVoiceDocument);

  async function confirm(): Promise<void> {
    const answered = await deleteVoice({ voiceId: voice.id });
    if (workOf(answered.data?.deleteVoice) !== null) onDeleted();
  }

  return (
    <ConfirmDialog
      title={`Delete “${voice.name}”?`}
      keepLabel="Cancel"
      confirmLabel="Delete voice"
      busy={fetching}
      onClose={onClose}
      onConfirm={() => void confirm()}
    >
      <p className="muted">You can’t undo this. Videos made with the voice are kept.</p>
      <CopyAs action="Delete voice" document={DeleteVoiceDocument} variables={() => ({ voiceId: voice.id })} />
      <ErrorNotice error={error} answer={data?.deleteVoice} />
    </ConfirmDialog>
  );
}
