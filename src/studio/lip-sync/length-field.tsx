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
    <Field
      label={label}
      hint={hint}
      type="number"
      unit="s"
      input={{ min: 0, max: 60, step: 0.1 }}
      value={String(ms / 1000)}
      onChange={(text) => {
        if (text.trim() !== '' && Number.isFinite(Number(text))) onChange(Math.round(Number(text) * 1000));
      }}
    />
  );
}
