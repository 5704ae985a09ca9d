import { useEffect, useRef, useState } from 'react';
import { Notice } from '../ui/notice.tsx';
import { useConnection } from '../session/api-context.ts';

const RESUMED_SHOWN_MS = 4000;

/** Shows that the connection is lost, and later that it has resumed. Shows nothing while it works. */
export function ConnectionNotice() {
  const connection = useConnection();
  const [resumed, setResumed] = useState(false);
  const lived = useRef(false);
  const cut = useRef(false);

  useEffect(() => {
    if (connection === 'idle') return undefined;
    if (connection !== 'live') {
      cut.current = lived.current;
      setResumed(false);
      return undefined;
    }
    lived.current = true;
    if (!cut.current) return undefined;
    cut.current = false;
    setResumed(true);
    const timer = setTimeout(() => setResumed(false), RESUMED_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [connection]);

  return (
    <div role="status" className="connection-notice">
      {(connection === 'connecting' || connection === 'offline') && lived.current ? (
        <Notice tone="warning" title={connection === 'offline' ? 'You are offline' : 'Connection lost. Reconnecting…'}>
          Your tasks continue. Updates appear when you are back online.
        </Notice>
      ) : null}
      {resumed ? <Notice tone="success" title="Back online. Everything is up to date." /> : null}
    </div>
  );
}
