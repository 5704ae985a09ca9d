import { useEffect, useState, type FormEvent } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Footer } from '../shell/footer.tsx';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Logo } from '../ui/icon.tsx';
import { Notice } from '../ui/notice.tsx';
import { readDevCallers, toToken, type DevCaller } from './tokens.ts';

interface Props {
  /** Why the last session has ended. Null if the user has signed out. */
  readonly reason: string | null;
  readonly onToken: (token: string) => void;
}

export function SignIn({ reason, onToken }: Props) {
  const [callers, setCallers] = useState<readonly DevCaller[]>([]);
  const [token, setToken] = useState('');
  useEffect(() => void readDevCallers().then(setCallers), []);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const trimmed = toToken(token);
    if (trimmed !== '') onToken(trimmed);
  }

  return (
    <div className="shell">
      <main className="sign-in">
        <div className="sign-in-card">
          <Logo />
          <h1>Sign in to Studio</h1>
          <p className="muted">Create lip-syncs and voices, and follow their progress.</p>
          {reason === null ? null : (
            <div role="alert">
              <Notice tone="warning" title={reason} />
            </div>
          )}
          <form onSubmit={submit}>
            <Field
              label="Access token"
              hint="Stored only in this tab, until you close it."
              type="password"
              input={{ autoComplete: 'off', spellCheck: false, placeholder: 'eyJ…' }}
              value={token}
              onChange={setToken}
            />
            <Button kind="primary" type="submit" disabled={token.trim() === ''} wide>
              Sign in
            </Button>
          </form>
          {callers.length === 0 ? null : (
            <section className="dev-callers" aria-label="Local development accounts">
              <h2>Local development</h2>
              {callers.map((caller) => (
                <AriaButton key={caller.name} className="dev-caller" onPress={() => onToken(caller.token)}>
                  <span className="dev-caller-name">{caller.name}</span>
                  <span className="muted">{caller.scope}</span>
                </AriaButton>
              ))}
            </section>
          )}
        </div>
      </main>
      <Footer />
    </div>
  );
}
