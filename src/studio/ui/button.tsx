import type { ReactNode } from 'react';
import { Button as AriaButton, ProgressBar, type ButtonProps } from 'react-aria-components';

interface Props extends Omit<ButtonProps, 'children' | 'className' | 'isDisabled' | 'isPending'> {
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly wide?: boolean;
  readonly disabled?: boolean;
  /** Shows that the action is under way. The button keeps the focus and cannot be pressed. */
  readonly busy?: boolean;
  readonly children: ReactNode;
}

export function Button({ kind = 'plain', wide = false, disabled = false, busy = false, children, ...rest }: Props) {
  return (
    <AriaButton
      {...rest}
      className={`button button-${kind}${wide ? ' button-wide' : ''}`}
      isDisabled={disabled}
      isPending={busy}
    >
      {busy ? <ProgressBar className="spinner" aria-label="In progress" isIndeterminate /> : null}
      {children}
    </AriaButton>
  );
}
