import { useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button } from '../ui/button.tsx';
import { formatDateTime } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import type { WebhookSecret } from './webhook-documents.ts';

interface Props {
  readonly secret: WebhookSecret;
  readonly onClose: () => void;
}

/** Shows a new signing secret. It stays until the user closes it, because the gateway never shows the secret again. */
export function SecretDialog({ secret, onClose }: Props) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  const { previousSecretExpiresAt } = secret;

  async function copy(): Promise<void> {
    setCopied(
      await navigator.clipboard.writeText(secret.secret).then(
        () => 'yes',
        () => 'failed',
      ),
    );
  }

  return (
    <ModalOverlay className="dialog-backdrop" isOpen isKeyboardDismissDisabled>
      <Modal className="dialog secret-dialog">
        <Dialog>
          <Heading slot="title" level={2}>
            Signing secret
          </Heading>
          <p className="muted">
            Your receiver checks the signature of each message with it. It is shown only now, so store it where you keep
            passwords.
          </p>
          <div className="secret">
            <code>{secret.secret}</code>
            <Button onPress={() => void copy()}>{copied === 'yes' ? 'Copied' : 'Copy'}</Button>
          </div>
          <p className="field-hint" role="status">
            {copied === 'failed' ? 'Couldn’t copy it. Select the text and copy it yourself.' : COPIED[copied]}
          </p>
          {previousSecretExpiresAt === null ? null : (
            <Notice tone="info" title="The previous secret still works">
              Each message carries both signatures until {formatDateTime(previousSecretExpiresAt)}. Change your receiver
              before then.
            </Notice>
          )}
          <div className="dialog-actions">
            <Button kind="primary" onPress={onClose}>
              I have stored it
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

const COPIED = { no: '', yes: 'Copied to the clipboard.' } as const;
