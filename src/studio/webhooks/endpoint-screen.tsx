import { useCallback, useState } from 'react';
import { useMutation, useQuery } from 'urql';
import { workOf } from '../api/failure.ts';
import { useScopes } from '../session/api-context.ts';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { formatDateTime } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { ErrorNotice, Notice } from '../ui/notice.tsx';
import { EmptyState, Skeleton } from '../ui/placeholder.tsx';
import { Deliveries } from './deliveries.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import {
  DeleteEndpointDocument,
  PauseEndpointDocument,
  RotateSecretDocument,
  SendTestDocument,
  WebhookEndpointDocument,
  type WebhookEndpoint,
  type WebhookSecret,
} from './webhook-documents.ts';
import { wantedWords } from './webhook-words.ts';

export function EndpointScreen({ id }: { readonly id: string }) {
  const [{ data, error }, reload] = useQuery({ query: WebhookEndpointDocument, variables: { id } });
  const onRead = useCallback(() => reload({ requestPolicy: 'network-only' }), [reload]);
  const endpoint = data?.node?.__typename === 'WebhookEndpoint' ? data.node : null;
  return (
    <>
      <a className="back-link" href="#/webhooks">
        <Icon name="back" />
        Webhooks
      </a>
      {error === undefined ? null : <ErrorNotice error={error} />}
      {!data && error === undefined ? <Skeleton rows={3} label="Loading the endpoint" /> : null}
      {endpoint === null ? null : <EndpointView endpoint={endpoint} onRead={onRead} />}
      {data && endpoint === null ? (
        <EmptyState icon="send" title="Endpoint not found" action={{ href: '#/webhooks', label: 'All endpoints' }}>
          It was deleted, or it belongs to another account.
        </EmptyState>
      ) : null}
    </>
  );
}

interface ViewProps {
  readonly endpoint: WebhookEndpoint;
  readonly onRead: () => void;
}

function EndpointView({ endpoint, onRead }: ViewProps) {
  const { id, url, description, createdAt } = endpoint;
  const mayWrite = useScopes()?.includes('webhooks:write') === true;
  return (
    <section className="task-view" aria-label="Webhook endpoint">
      <div className="task-view-head">
        <h1 className="endpoint-title">{description ?? url}</h1>
        <EndpointBadge endpoint={endpoint} />
      </div>
      <PauseNotice endpoint={endpoint} />
      <dl className="facts">
        <div>
          <dt>URL</dt>
          <dd className="endpoint-url">{url}</dd>
        </div>
        <div>
          <dt>Gets</dt>
          <dd>{wantedWords(endpoint)}</dd>
        </div>
        <div>
          <dt>Added</dt>
          <dd>{formatDateTime(createdAt)}</dd>
        </div>
      </dl>
      {mayWrite ? <EndpointActions endpoint={endpoint} /> : null}
      <Deliveries endpointId={id} mayWrite={mayWrite} onRead={onRead} />
    </section>
  );
}

function PauseNotice({ endpoint: { isPaused, pausedReason } }: { readonly endpoint: WebhookEndpoint }) {
  if (!isPaused) return null;
  if (pausedReason === null) {
    return (
      <Notice tone="info" title="You have paused this endpoint">
        Messages wait. Resume it to send them, oldest first.
      </Notice>
    );
  }
  return (
    <Notice tone="warning" title="The gateway has stopped sending to this endpoint">
      <p>{pausedReason}</p>
      <p>Messages wait. Fix your receiver and send a test, then resume to send them, oldest first.</p>
    </Notice>
  );
}

function EndpointActions({ endpoint: { id, url, isPaused } }: { readonly endpoint: WebhookEndpoint }) {
  const [asking, setAsking] = useState<'rotate' | 'delete' | null>(null);
  const [secret, setSecret] = useState<WebhookSecret | null>(null);
  const [testing, sendTest] = useMutation(SendTestDocument);
  const [pausing, pause] = useMutation(PauseEndpointDocument);
  const [rotating, rotate] = useMutation(RotateSecretDocument);
  const [deleting, remove] = useMutation(DeleteEndpointDocument);

  async function confirmRotate(): Promise<void> {
    const answered = await rotate({ endpointId: id });
    const made = workOf(answered.data?.rotateWebhookSecret);
    if (made === null) return;
    setAsking(null);
    setSecret(made);
  }

  async function confirmDelete(): Promise<void> {
    const answered = await remove({ endpointId: id });
    if (workOf(answered.data?.deleteWebhookEndpoint) === null) return;
    announce('Endpoint deleted');
    location.replace('#/webhooks');
  }

  async function test(): Promise<void> {
    const answered = await sendTest({ endpointId: id });
    if (workOf(answered.data?.sendTestWebhook) !== null) announce('Test sent');
  }

  async function togglePause(): Promise<void> {
    const answered = await pause({ endpointId: id, isPaused: !isPaused });
    if (workOf(answered.data?.updateWebhookEndpoint) !== null) announce(isPaused ? 'Resumed' : 'Paused');
  }

  return (
    <>
      <div className="endpoint-actions">
        <div>
          <Button busy={testing.fetching} onPress={() => void test()}>
            Send a test
          </Button>
          <CopyAs action="Send a test" document={SendTestDocument} variables={() => ({ endpointId: id })} />
        </div>
        <div>
          <Button kind={isPaused ? 'primary' : 'plain'} busy={pausing.fetching} onPress={() => void togglePause()}>
            {isPaused ? 'Resume' : 'Pause'}
          </Button>
          <CopyAs
            action={isPaused ? 'Resume' : 'Pause'}
            document={PauseEndpointDocument}
            variables={() => ({ endpointId: id, isPaused: !isPaused })}
          />
        </div>
        <div>
          <Button onPress={() => setAsking('rotate')}>Rotate secret…</Button>
          <CopyAs action="Rotate secret" document={RotateSecretDocument} variables={() => ({ endpointId: id })} />
        </div>
        <div>
          <Button onPress={() => setAsking('delete')}>Delete…</Button>
          <CopyAs action="Delete" document={DeleteEndpointDocument} variables={() => ({ endpointId: id })} />
        </div>
      </div>
      <ErrorNotice error={testing.error} answer={testing.data?.sendTestWebhook} />
      <ErrorNotice error={pausing.error} answer={pausing.data?.updateWebhookEndpoint} />
      {asking === 'rotate' ? (
        <ConfirmDialog
          title="Rotate the signing secret?"
          keepLabel="Cancel"
          confirmLabel="Rotate secret"
          busy={rotating.fetching}
          onClose={() => setAsking(null)}
          onConfirm={() => void confirmRotate()}
        >
          <p className="muted">
            You get a new secret. For 24 hours, each message is signed with both, so your receiver can change over.
          </p>
          <ErrorNotice error={rotating.error} answer={rotating.data?.rotateWebhookSecret} />
        </ConfirmDialog>
      ) : null}
      {asking === 'delete' ? (
        <ConfirmDialog
          title="Delete this endpoint?"
          keepLabel="Cancel"
          confirmLabel="Delete endpoint"
          busy={deleting.fetching}
          onClose={() => setAsking(null)}
          onConfirm={() => void confirmDelete()}
        >
          <p className="muted">
            {url} gets no more messages. Those that wait are dropped, and the list of deliveries is deleted. You can’t
            undo this.
          </p>
          <ErrorNotice error={deleting.error} answer={deleting.data?.deleteWebhookEndpoint} />
        </ConfirmDialog>
      ) : null}
      {secret === null ? null : <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

export function EndpointBadge({ endpoint }: { readonly endpoint: WebhookEndpoint }) {
  const { isPaused, pausedReason } = endpoint;
  if (!isPaused) {
    return (
      <span className="badge" data-status="SUCCEEDED">
        Active
      </span>
    );
  }
  return (
    <span className="badge" data-status={pausedReason === null ? 'CANCELLED' : 'FAILED'}>
      {pausedReason === null ? 'Paused' : 'Stopped'}
    </span>
  );
}
