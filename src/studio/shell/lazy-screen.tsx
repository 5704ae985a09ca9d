import { type ComponentType, useEffect, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/placeholder.tsx';

type State<Props> = { readonly screen: ComponentType<Props> } | 'loading' | 'failed';

/** A screen whose script is loaded when it is shown, or before by `preload`, which never fails. */
type LazyScreen<Props> = ComponentType<Props> & { readonly preload: () => Promise<unknown> };

/** Waits before each attempt after the browser comes online. It may say so before requests succeed. */
const ONLINE_WAITS_MS = [0, 1_000, 2_000, 4_000, 8_000];

/**
 * Loads the page again as soon as its server answers. Browsers keep the failure of a script for as long as the page lives, so
 * another `import` would not help.
 */
async function reload(waitsMs: readonly number[], signal?: AbortSignal): Promise<void> {
  for (const waitMs of waitsMs) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const isReachable = await fetch(location.href, { method: 'HEAD', cache: 'no-store' }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (signal?.aborted === true) return;
    if (isReachable) return location.reload();
  }
}

/**
 * Creates a screen of its own script. If the script cannot be loaded, the page is loaded again when the browser comes online,
 * and when the user asks.
 */
export function createLazyScreen<Props extends object>(load: () => Promise<ComponentType<Props>>): LazyScreen<Props> {
  let loaded: ComponentType<Props> | null = null;

  async function read(): Promise<State<Props>> {
    try {
      loaded ??= await load();
      return { screen: loaded };
    } catch {
      return 'failed';
    }
  }

  function Screen(props: Props) {
    const [state, setState] = useState<State<Props>>(() => (loaded === null ? 'loading' : { screen: loaded }));
    useEffect(() => {
      if (state === 'loading') void read().then(setState);
      if (state !== 'failed') return undefined;
      const left = new AbortController();
      addEventListener('online', () => void reload(ONLINE_WAITS_MS, left.signal), { signal: left.signal });
      return () => left.abort();
    }, [state]);

    if (state === 'loading') return <Skeleton rows={3} label="Loading the screen" />;
    if (state === 'failed') {
      return (
        <div role="alert">
          <Notice tone="warning" title="Couldn’t load this screen">
            <p>Check your connection. If you are online, a new version may be out.</p>
            <Button onPress={() => void reload([0])}>Try again</Button>
          </Notice>
        </div>
      );
    }
    return <state.screen {...props} />;
  }
  return Object.assign(Screen, { preload: read });
}
