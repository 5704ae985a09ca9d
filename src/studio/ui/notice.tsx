import type { ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { type Answer, toNoticeTexts } from '../api/failure.ts';
import { Icon } from './icon.tsx';

interface Props {
  readonly tone: 'info' | 'success' | 'warning' | 'danger';
  readonly title: string;
  readonly children?: ReactNode;
}

const ICONS = { info: 'info', success: 'check', warning: 'alert', danger: 'alert' } as const;

export function Notice({ tone, title, children }: Props) {
  return (
    <div className={`notice notice-${tone}`}>
      <Icon name={ICONS[tone]} />
      <div>
        <p className="notice-title">{title}</p>
        {children === undefined ? null : <div className="notice-body">{children}</div>}
      </div>
    </div>
  );
}

interface ErrorProps {
  readonly error: CombinedError | undefined;
  /** The answer to a mutation, which may be a failure. */
  readonly answer?: Answer;
}

/** Shows why a request failed. Screen readers speak it at once. Empty if it did not fail. */
export function ErrorNotice({ error, answer }: ErrorProps) {
  const texts = toNoticeTexts(error, answer);
  if (texts === null) return null;
  const { title, details, requestId } = texts;
  return (
    <div role="alert">
      <Notice tone="danger" title={title}>
        {details.map((detail) => (
          <p key={detail}>{detail}</p>
        ))}
        {requestId === null ? null : <p className="request-id">Request {requestId}</p>}
      </Notice>
    </div>
  );
}
