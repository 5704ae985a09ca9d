import { useState, type FormEvent } from 'react';
import { flushSync } from 'react-dom';
import { useMutation } from 'urql';
import { issuesOf } from '../../domain/check.ts';
import { checkWebhookChange, WEBHOOKS_MAX } from '../../domain/webhook.ts';
import { workOf } from '../api/failure.ts';
import { STATUS_LABELS } from '../tasks/task-words.ts';
import { Button } from '../ui/button.tsx';
import { CopyAs } from '../ui/copy-as.tsx';
import { Field, focusFirstProblem } from '../ui/field.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Segments } from '../ui/segments.tsx';
import { CreateEndpointDocument, type WebhookEndpoint, type WebhookSecret } from './webhook-documents.ts';
import { CHOOSABLE_STATUSES, FINAL_STATUSES } from './webhook-words.ts';

const WANTED = [
  { value: 'end', label: 'Task ends' },
  { value: 'every', label: 'Every change' },
  { value: 'chosen', label: 'Choose' },
] as const;
type TaskStatus = WebhookEndpoint['statuses'][number];
type Wanted = (typeof WANTED)[number]['value'];

/** The gateway of `npm start` takes plain http on the same machine too. */
const URL_RULE = { allowsLoopback: DEVELOPMENT, ownOrigin: location.origin } as const;

interface Props {
  readonly onCreated: (secret: WebhookSecret) => void;
}

export function CreateEndpoint({ onCreated }: Props) {
  const [url, setUrl] = useState('');
  const [description, setDescription] = useState('');
  const [wanted, setWanted] = useState<Wanted>('end');
  const [chosen, setChosen] = useState<readonly TaskStatus[]>(FINAL_STATUSES);
  const [asked, setAsked] = useState(false);
  const [{ fetching, data, error }, create] = useMutation(CreateEndpointDocument);

  const statuses = wanted === 'every' ? [] : wanted === 'end' ? FINAL_STATUSES : chosen;
  const note = description.trim() === '' ? null : description.trim();
  const variables = { url: url.trim(), statuses: [...statuses], description: note };
  const issues = issuesOf(checkWebhookChange(variables, URL_RULE));
  // An empty list would mean every change.
  const isNothingChosen = wanted === 'chosen' && chosen.length === 0;

  function problemOf(field: string, subject: string): string | null {
    const issue = asked ? issues.find(({ path }) => path.at(-1) === field) : undefined;
    return issue === undefined ? null : `${subject} ${issue.message}.`;
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    flushSync(() => setAsked(true));
    if (issues.length > 0 || isNothingChosen) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    const answered = await create(variables);
    const secret = workOf(answered.data?.createWebhookEndpoint);
    if (secret === null) return;
    setUrl('');
    setDescription('');
    setAsked(false);
    onCreated(secret);
  }

  function toggle(status: (typeof CHOOSABLE_STATUSES)[number]): void {
    setChosen(chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]);
  }

  return (
    <form className="card" aria-labelledby="create-endpoint" onSubmit={(event) => void submit(event)} noValidate>
      <h2 id="create-endpoint">Add an endpoint</h2>
      <Field
        label="URL"
        hint="A public https URL that takes POST requests. Redirects are not followed."
        problem={problemOf('url', 'The URL')}
        type="url"
        input={{ placeholder: 'https://…' }}
        value={url}
        onChange={setUrl}
      />
      <Field
        label="Description (optional)"
        problem={problemOf('description', 'The description')}
        input={{ maxLength: WEBHOOKS_MAX.descriptionChars }}
        value={description}
        onChange={setDescription}
      />
      <div className="wanted" role="group" aria-labelledby="wanted-label">
        <span className="chosen-label" id="wanted-label">
          Send a message
        </span>
        <Segments label="Send a message" options={WANTED} value={wanted} onChange={setWanted} />
        {wanted === 'chosen'
          ? CHOOSABLE_STATUSES.map((status) => (
              <label key={status} className="checkbox">
                <input type="checkbox" checked={chosen.includes(status)} onChange={() => toggle(status)} />
                <span>{STATUS_LABELS[status]}</span>
              </label>
            ))
          : null}
        {isNothingChosen && asked ? (
          <p className="field-problem" role="alert">
            Choose at least one.
          </p>
        ) : null}
      </div>
      <ErrorNotice error={error} answer={data?.createWebhookEndpoint} />
      <div className="form-foot">
        <CopyAs action="Add endpoint" document={CreateEndpointDocument} variables={() => variables} />
        <Button kind="primary" type="submit" busy={fetching} disabled={url.trim() === ''}>
          Add endpoint
        </Button>
      </div>
    </form>
  );
}
