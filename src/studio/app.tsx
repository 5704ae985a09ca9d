import { useCallback, useEffect, useState } from 'react';
import { Provider } from 'urql';
import { createApi, type Api } from './api/client.ts';
import { ApiContext } from './session/api-context.ts';
import { SignIn } from './session/sign-in.tsx';
import { readToken, storeToken } from './session/tokens.ts';
import { Shell } from './shell/shell.tsx';

export function App() {
  const [token, setToken] = useState(readToken);
  const [reason, setReason] = useState<string | null>(null);
  const [api, setApi] = useState<Api | null>(null);

  const leave = useCallback((why: string | null) => {
    storeToken(null);
    setToken(null);
    setReason(why);
  }, []);

  useEffect(() => {
    if (token === null) return undefined;
    const made = createApi(token, () => leave('You were signed out: the token is not valid, or not any more.'));
    setApi(made);
    return () => {
      setApi(null);
      made.close();
    };
  }, [token, leave]);

  function enter(entered: string): void {
    storeToken(entered);
    setReason(null);
    setToken(entered);
  }

  if (token === null) return <SignIn reason={reason} onToken={enter} />;
  if (api === null) return null;
  return (
    <ApiContext value={api}>
      <Provider value={api.client}>
        <Shell onSignOut={() => leave(null)} />
      </Provider>
    </ApiContext>
  );
}
