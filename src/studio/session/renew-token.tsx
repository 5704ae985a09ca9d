import { useState, type FormEvent } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { checkToken } from '../api/client.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { toToken } from './tokens.ts';

interface Props {
  readonly tenant: string;
  readonly onToken: (token: string) => void;
  readonly onSignOut: () => void;
}

/** Asks for a new token after the last one has expired. A token of another tenant is refused: the draft is not theirs. */
export function RenewToken({ tenant, onToken, onSignOut }: Props) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [isChecking, setChecking] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const token = toToken(text);
    setChecking(true);
    const checked = await checkToken(token);
    setChecking(false);
    if (checked === 'refused') setProblem('This token is invalid or has expired too.');
    else if (checked === 'unreachable') setProblem('Couldn’t reach the gateway. Try again.');
    else if (checked.tenant === tenant) onToken(token);
    else setProblem(`This token is for ${checked.tenant}. Sign out to switch to that account.`);
  }

  return (
    <ModalOverlay className="dialog-backdrop" isOpen isKeyboardDismissDisabled>
      <Modal className="dialog">
        <Dialog>
          <Heading slot="title" level={2}>
            Your token has expired
          </Heading>
          <p className="muted">Enter a new one for {tenant} to continue where you are. Nothing is lost.</p>
          <form onSubmit={(event) => void submit(event)} noValidate>
            <Field
              label="New access token"
              hint="Stored only in this tab, until you close it."
              problem={problem}
              type="password"
              input={{ autoComplete: 'off', spellCheck: false, placeholder: 'eyJ…' }}
              autoFocus
              value={text}
              onChange={setText}
            />
            <div className="dialog-actions">
              <Button onPress={onSignOut}>Sign out</Button>
              <Button kind="primary" type="submit" busy={isChecking} disabled={toToken(text) === ''}>
                Continue
              </Button>
            </div>
          </form>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
