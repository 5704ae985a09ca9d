import { useEffect, useRef, useState } from 'react';
import { useQuery } from 'urql';
import { useScopes } from '../session/api-context.ts';
import { webhookHref } from '../shell/route.ts';
import { formatRelative } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { EmptyState, Skeleton } from '../ui/placeholder.tsx';
import { useNow } from '../ui/use-now.ts';
import { CreateEndpoint } from './create-endpoint.tsx';
import { EndpointBadge, EndpointScreen } from './endpoint-screen.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import { WebhookEndpointsDocument, type WebhookEndpoint, type WebhookSecret } from './webhook-documents.ts';
import { wantedWords } from './webhook-words.ts';

/** The list of endpoints, or one of them. */
export function WebhooksScreen({ id }: { readonly id: string | null }) {
  return id === null ? <EndpointsScreen /> : <EndpointScreen key={id} id={id} />;
}

function EndpointsScreen() {
  const [{ data, error }] = useQuery({ query: WebhookEndpointsDocument });
  const [secret, setSecret] = useState<WebhookSecret | null>(null);
  const mayWrite = useScopes()?.includes('webhooks:write') === true;
  const heading = useRef<HTMLHeadingElement>(null);
  const wasSecret = useRef(false);

  useEffect(() => {
    // The form has been emptied, so a screen reader continues at the list.
    if (wasSecret.current && secret === null) heading.current?.focus();
    wasSecret.current = secret !== null;
  }, [secret]);

  return (
    <>
      <div className="screen-head">
        <div>
          <h1>Webhooks</h1>
          <p className="muted">Your servers get a signed message when a task changes.</p>
        </div>
      </div>
      <div className={mayWrite ? 'voices-columns' : undefined}>
        <section aria-labelledby="endpoints">
          <h2 ref={heading} id="endpoints" tabIndex={-1}>
            Endpoints
          </h2>
          {data ? (
            <EndpointList endpoints={data.webhookEndpoints} />
          ) : error === undefined ? (
            <Skeleton rows={2} label="Loading your endpoints" />
          ) : (
            <ErrorNotice error={error} />
          )}
        </section>
        {mayWrite ? <CreateEndpoint onCreated={setSecret} /> : null}
      </div>
      {secret === null ? null : <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

function EndpointList({ endpoints }: { readonly endpoints: readonly WebhookEndpoint[] }) {
  if (endpoints.length === 0) {
    return (
      <EmptyState icon="send" title="No endpoints yet">
        Without one, your servers have to ask for changes or hold a subscription open. Add the URL of a server that
        should be told.
      </EmptyState>
    );
  }
  return (
    <ul className="task-list" aria-label="Endpoints, newest first">
      {endpoints.map((endpoint) => (
        <EndpointRow key={endpoint.id} endpoint={endpoint} />
      ))}
    </ul>
  );
}

function EndpointRow({ endpoint }: { readonly endpoint: WebhookEndpoint }) {
  const now = useNow(60_000);
  const { id, url, description, createdAt } = endpoint;
  return (
    <li>
      <a className="endpoint-row" href={webhookHref(id)}>
        <span className="task-kind">
          <Icon name="send" />
        </span>
        <span className="task-what">
          <span className="task-title">{description ?? url}</span>
          {description === null ? null : <span className="muted">{url}</span>}
          <span className="muted">
            {wantedWords(endpoint)} · added {formatRelative(createdAt, now)}
          </span>
        </span>
        <EndpointBadge endpoint={endpoint} />
      </a>
    </li>
  );
}
