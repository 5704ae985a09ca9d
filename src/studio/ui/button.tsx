import type { ComponentProps } from 'react';

interface Props extends ComponentProps<'button'> {
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly wide?: boolean;
  /** Under way: it cannot be pressed again, and says so. */
  readonly busy?: boolean;
}

export function Button({ kind = 'plain', wide = false, busy = false, disabled, children, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      className={`button button-${kind}${wide ? ' button-wide' : ''}`}
      disabled={disabled === true || busy}
      aria-busy={busy}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : null}
      {children}
    </button>
  );
}
