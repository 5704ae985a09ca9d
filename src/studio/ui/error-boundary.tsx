import { Component, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

interface State {
  readonly broken: boolean;
}

/** A fault of a screen's own takes down that screen and not the page. A new `key` begins anew. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { broken: false };

  static getDerivedStateFromError(): State {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <div role="alert">
        <Notice tone="danger" title="This screen has failed">
          <p>Nothing was lost at the gateway: your tasks go on.</p>
          <Button onPress={() => location.reload()}>Load the page again</Button>
        </Notice>
      </div>
    );
  }
}
