import { type ComponentType, useEffect, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/placeholder.tsx';

type State = { readonly screen: ComponentType } | 'loading' | 'failed';

/** A screen whose script is loaded when it is shown, or before by `preload`, which never fails. */
type LazyScreen = ComponentType & { readonly preload: () => Promise<unknown> };

/**
 * Creates a screen of its own script. React's `lazy` keeps a failure for good. This screen loads again when the browser
 * comes online, and when the user asks.
 */
export function createLazyScreen(load: () => Promise<ComponentType>): LazyScreen {
  let loaded: ComponentType | null = null;

  async function read(): Promise<State> {
    try {
      loaded ??= await load();
      return { screen: loaded };
    } catch {
      return 'failed';
    }
  }

  function Screen() {
    const [state, setState] = useState<State>(() => (loaded === null ? 'loading' : { screen: loaded }));
    useEffect(() => {
      if (state === 'loading') void read().then(setState);
      if (state !== 'failed') return undefined;
      const retry = (): void => setState('loading');
      addEventListener('online', retry);
      return () => removeEventListener('online', retry);
    }, [state]);

    if (state === 'loading') return <Skeleton rows={3} label="Loading the screen" />;
    if (state === 'failed') {
      return (
        <div role="alert">
          <Notice tone="warning" title="Couldn’t load this screen">
            <p>Check your connection. If you are online, a new version may be out: reload the page.</p>
            <Button onPress={() => setState('loading')}>Try again</Button>
          </Notice>
        </div>
      );
    }
    return <state.screen />;
  }
  return Object.assign(Screen, { preload: read });
}
