import { useEffect, useState } from 'react';
import { useMutation, useQuery } from 'urql';
import { workOf } from '../api/failure.ts';
import { useScopes } from '../session/api-context.ts';
import { taskHref } from '../shell/route.ts';
import { titleOf } from '../tasks/task-words.ts';
import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { formatDateTime, formatRelative } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/placeholder.tsx';
import { Segments } from '../ui/segments.tsx';
import { useNow } from '../ui/use-now.ts';
import { DeliveriesDocument, RedeliverDocument, type WebhookDelivery } from './webhook-documents.ts';
import { answerWords, DELIVERY_LABELS } from './webhook-words.ts';

const FILTERS = [
  { value: 'ALL', label: 'All' },
  { value: 'PENDING', label: DELIVERY_LABELS.PENDING },
  { value: 'SUCCEEDED', label: DELIVERY_LABELS.SUCCEEDED },
  { value: 'FAILED', label: DELIVERY_LABELS.FAILED },
] as const;
type Filter = (typeof FILTERS)[number]['value'];

interface Props {
  readonly endpointId: string;
  readonly mayWrite: boolean;
  /** Reads the endpoint again, which may have been stopped by a failed delivery. */
  readonly onRead: () => void;
}

/** The messages of an endpoint, newest first. */
export function Deliveries(props: Props) {
  const [filter, setFilter] = useState<Filter>('ALL');
  return (
    <section className="deliveries" aria-labelledby="deliveries">
      <div className="deliveries-head">
        <h2 id="deliveries">Deliveries of the last 30 days</h2>
        <Segments label="Status" options={FILTERS} value={filter} onChange={setFilter} />
      </div>
      <DeliveryPage key={filter} {...props} filter={filter} after={null} />
    </section>
  );
}

/** The list is read again this often, and more often while a message is about to be sent. */
const READ_EVERY_MS = 10_000;
const READ_SOON_EVERY_MS = 1_500;
const SOON_MS = 20_000;

/** Whether the message is sent soon. One that waits for a paused endpoint is not. */
function isDueSoon({ status, nextAttemptAt }: WebhookDelivery): boolean {
  return status === 'PENDING' && nextAttemptAt !== null && Date.parse(nextAttemptAt) - Date.now() < SOON_MS;
}

interface PageProps extends Props {
  readonly filter: Filter;
  readonly after: string | null;
}

/** One page of the list, and the next page if the user asks for it. */
function DeliveryPage(props: PageProps) {
  const { endpointId, filter, after, onRead } = props;
  const scopes = useScopes() ?? [];
  const [{ data, error }, reload] = useQuery({
    query: DeliveriesDocument,
    variables: {
      id: endpointId,
      withTasks: scopes.includes('lipsync:read') || scopes.includes('voices:read'),
      ...(after !== null && { after }),
      ...(filter !== 'ALL' && { status: filter }),
    },
  });
  const [more, setMore] = useState(false);
  const node = data?.node?.__typename === 'WebhookEndpoint' ? data.node : null;
  const isSoon = node?.deliveries.edges.some((edge) => isDueSoon(edge.node)) === true;

  useEffect(() => {
    const timer = setInterval(
      () => {
        if (document.visibilityState !== 'visible') return;
        reload({ requestPolicy: 'network-only' });
        if (after === null) onRead();
      },
      isSoon ? READ_SOON_EVERY_MS : READ_EVERY_MS,
    );
    return () => clearInterval(timer);
  }, [isSoon, reload, after, onRead]);

  if (node === null) {
    if (error !== undefined) return <ErrorNotice error={error} />;
    return <Skeleton rows={3} label="Loading the deliveries" />;
  }
  const { edges, pageInfo } = node.deliveries;
  if (edges.length === 0 && after === null) {
    return (
      <p className="muted voices-none">
        {filter === 'ALL'
          ? 'Nothing was sent yet. Send a test to try your receiver.'
          : 'No deliveries with this status.'}
      </p>
    );
  }
  return (
    <>
      <ul className="task-list" aria-label={after === null ? 'Deliveries, newest first' : 'Older deliveries'}>
        {edges.map((edge) => (
          <DeliveryRow key={edge.node.id} delivery={edge.node} mayWrite={props.mayWrite} />
        ))}
      </ul>
      {more && pageInfo.endCursor !== null ? <DeliveryPage {...props} after={pageInfo.endCursor} /> : null}
      {!more && pageInfo.hasNextPage ? <Button onPress={() => setMore(true)}>Show older deliveries</Button> : null}
    </>
  );
}

/** The badges of tasks, which have the same meaning. */
const LOOKS = { PENDING: 'PROCESSING', SUCCEEDED: 'SUCCEEDED', FAILED: 'FAILED' } as const;

interface RowProps {
  readonly delivery: WebhookDelivery;
  readonly mayWrite: boolean;
}

/** A delivery. It opens to its attempts. */
function DeliveryRow({ delivery, mayWrite }: RowProps) {
  const now = useNow(30_000);
  const { id, status, createdAt, attempts, task } = delivery;
  const answer = answerWords(attempts.at(-1));
  return (
    <li>
      <details className="delivery">
        <summary className="delivery-row">
          <Icon name="chevron" />
          <span className="task-what">
            <span className="task-title">{task ? titleOf(task) : 'Test, or a deleted task'}</span>
            <span className="muted">
              {attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`}
              {answer === null ? '' : ` · last answer: ${answer}`}
            </span>
          </span>
          <span className="badge" data-status={LOOKS[status]}>
            {DELIVERY_LABELS[status]}
          </span>
          <time className="task-when muted" dateTime={createdAt} title={formatDateTime(createdAt)}>
            {formatRelative(createdAt, now)}
          </time>
        </summary>
        <div className="delivery-body">
          <NextAttempt delivery={delivery} now={now} />
          <ol className="attempts" aria-label="Attempts, oldest first">
            {attempts.map((attempt) => (
              <AttemptView key={attempt.at} attempt={attempt} />
            ))}
          </ol>
          {task ? <a href={taskHref(task.id)}>Open the task</a> : null}
          {mayWrite && status !== 'PENDING' ? <Redeliver id={id} /> : null}
        </div>
      </details>
    </li>
  );
}

function NextAttempt({
  delivery: { status, nextAttemptAt },
  now,
}: {
  readonly delivery: WebhookDelivery;
  readonly now: number;
}) {
  if (status !== 'PENDING') return null;
  if (nextAttemptAt === null) return <p className="muted">Waits until the endpoint is resumed.</p>;
  return (
    <p className="muted">
      Next attempt {Date.parse(nextAttemptAt) <= now ? 'now' : `at ${formatDateTime(nextAttemptAt)}`}.
    </p>
  );
}

function AttemptView({ attempt }: { readonly attempt: WebhookDelivery['attempts'][number] }) {
  const { at, durationMs, responseStatus, responseBody, error } = attempt;
  return (
    <li>
      <p>
        <strong>{responseStatus === null ? 'No answer' : `HTTP ${responseStatus}`}</strong>{' '}
        <span className="muted">
          {formatDateTime(at)}, after {durationMs} ms
        </span>
      </p>
      {error === null ? null : <p className="muted">{error}</p>}
      {responseBody === null ? null : responseBody === '' ? (
        <p className="muted">The answer was empty.</p>
      ) : (
        <pre className="answer" tabIndex={0} aria-label="First bytes of the answer">
          {responseBody}
        </pre>
      )}
    </li>
  );
}

function Redeliver({ id }: { readonly id: string }) {
  const [{ fetching, data, error }, redeliver] = useMutation(RedeliverDocument);

  async function send(): Promise<void> {
    const answered = await redeliver({ deliveryId: id });
    if (workOf(answered.data?.redeliverWebhook) !== null) announce('Sent again');
  }

  return (
    <>
      <ErrorNotice error={error} answer={data?.redeliverWebhook} />
      <div className="form-foot">
        <Button busy={fetching} onPress={() => void send()}>
          Send again
        </Button>
        <CopyAs action="Send again" document={RedeliverDocument} variables={() => ({ deliveryId: id })} />
      </div>
    </>
  );
}
