import { StrictMode, useCallback, useEffect, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { applyTheme } from './shell/footer.tsx';
import { createApi, tenantOf, type Api } from './api/client.ts';
import { ApiContext } from './session/api-context.ts';
import { clearDraft } from './session/draft.ts';
import { SignIn } from './session/sign-in.tsx';
import { readToken, storeToken } from './session/tokens.ts';
import { createLazyScreen } from './shell/lazy-screen.tsx';
import { PRELOAD_AFTER_MS, Shell } from './shell/shell.tsx';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/tasks.css';
import './styles/lip-sync.css';
import './styles/talk.css';
import './styles/timeline.css';
import './styles/files.css';
import './styles/voices.css';
import './styles/webhooks.css';
import './styles/account.css';

/** Needed when a token expires. Dialogs are large, so it is loaded after the first screen. */
const RenewToken = createLazyScreen(async () => (await import('./session/renew-token.tsx')).RenewToken);

applyTheme();
const root = document.querySelector('#root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <I18nProvider locale="en-US">
        <App />
      </I18nProvider>
    </StrictMode>,
  );
}

function App() {
  const [token, setToken] = useState(readToken);
  const [reason, setReason] = useState<string | null>(null);
  const [api, setApi] = useState<Api | null>(null);

  const [expiredTenant, setExpiredTenant] = useState<string | null>(null);

  const leave = useCallback((why: string | null) => {
    storeToken(null);
    setToken(null);
    setApi(null);
    setExpiredTenant(null);
    setReason(why);
  }, []);

  useEffect(() => {
    if (token === null) return undefined;
    const made = createApi(token, () => {
      const tenant = tenantOf(made);
      // A token that has worked has only expired, so the screens stay as they are.
      if (tenant === null) leave('You were signed out. The token is invalid or has expired.');
      else setExpiredTenant(tenant);
    });
    // Replaces the client of an expired token below the same screens.
    setApi(made);
    const preload = setTimeout(() => void RenewToken.preload(), PRELOAD_AFTER_MS);
    return () => {
      clearTimeout(preload);
      made.close();
    };
  }, [token, leave]);

  function signOut(): void {
    clearDraft();
    leave(null);
  }

  function enter(entered: string): void {
    storeToken(entered);
    setReason(null);
    setExpiredTenant(null);
    setToken(entered);
  }

  if (token === null) return <SignIn reason={reason} onToken={enter} />;
  if (api === null) return null;
  return (
    <ApiContext value={api}>
      <Provider value={api.client}>
        <Shell onSignOut={signOut} />
        {expiredTenant === null ? null : <RenewToken tenant={expiredTenant} onToken={enter} onSignOut={signOut} />}
      </Provider>
    </ApiContext>
  );
}
