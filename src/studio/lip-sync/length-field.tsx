import { Field } from '../ui/field.tsx';

interface Props {
  readonly label: string;
  readonly hint?: string;
  readonly ms: number;
  readonly onChange: (ms: number) => void;
}

/** A time in seconds, kept in milliseconds. */
export function LengthField({ label, hint = '', ms, onChange }: Props) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <span className="seconds-input">
          <input
            {...ids}
            type="number"
            min={0}
            max={60}
            step={0.1}
            value={ms / 1000}
            onChange={({ target }) => {
              if (Number.isFinite(target.valueAsNumber)) onChange(Math.round(target.valueAsNumber * 1000));
            }}
          />
          <span aria-hidden="true">s</span>
        </span>
      )}
    </Field>
  );
}
