import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button } from './button.tsx';

interface Props {
  readonly title: string;
  readonly keepLabel: string;
  readonly confirmLabel: string;
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly children: ReactNode;
}

/** Asks before an action that cannot be undone. The focus stays inside, and returns afterwards. */
export function ConfirmDialog({ title, keepLabel, confirmLabel, busy, onClose, onConfirm, children }: Props) {
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
