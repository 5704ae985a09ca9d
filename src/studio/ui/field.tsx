import { useId, type ReactNode } from 'react';

interface FieldIds {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}

interface Props {
  readonly label: string;
  readonly hint?: string;
  /** What is wrong with the value; nothing while it is empty or good. */
  readonly problem?: string | null;
  readonly children: (ids: FieldIds) => ReactNode;
}

/** A control with its label, and what is to be known about it. */
export function Field({ label, hint, problem = null, children }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-note`, 'aria-invalid': problem !== null })}
      <p id={`${id}-note`} className={problem === null ? 'field-hint' : 'field-problem'}>
        {problem ?? hint}
      </p>
    </div>
  );
}
