import { useMutation } from 'urql';
import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { DeleteVoiceDocument, type Voice } from '../api/voice-documents.ts';
import { workOf } from '../api/failure.ts';
import { ErrorNotice } from '../ui/notice.tsx';
import { Button } from '../ui/button.tsx';

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
      <ErrorNotice error={error} answer={data?.deleteVoice} />
    </ConfirmDialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly keepLabel: string;
  readonly confirmLabel: string;
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly children: ReactNode;
}

/** Asks before an action that cannot be undone. The focus stays inside, and returns afterwards. */
function ConfirmDialog({ title, keepLabel, confirmLabel, busy, onClose, onConfirm, children }: ConfirmProps) {
  return (
    <ModalOverlay className="dialog-backdrop" isOpen isDismissable={!busy} onOpenChange={onClose}>
      <Modal className="dialog">
        <Dialog role="alertdialog">
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
          <div className="dialog-actions">
            {/* Enter chooses the safe action. */}
            <Button autoFocus onPress={onClose}>
              {keepLabel}
            </Button>
            <Button kind="danger" busy={busy} onPress={onConfirm}>
              {confirmLabel}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
