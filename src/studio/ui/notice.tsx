import type { ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { toNoticeTexts } from '../api/failure.ts';
import { Icon } from './icon.tsx';

interface Props {
  readonly tone: 'info' | 'success' | 'warning' | 'danger';
  readonly title: string;
  readonly children?: ReactNode;
}

export function Notice({ tone, title, children }: Props) {
  return (
    <div className={`notice notice-${tone}`}>
      <Icon name={tone === 'success' ? 'check' : 'alert'} />
      <div>
        <p className="notice-title">{title}</p>
        {children === undefined ? null : <div className="notice-body">{children}</div>}
      </div>
    </div>
  );
}

/** Shows the error of a request. Screen readers speak it at once. */
export function ErrorNotice({ error }: { readonly error: CombinedError }) {
  const { title, details, requestId } = toNoticeTexts(error);
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
