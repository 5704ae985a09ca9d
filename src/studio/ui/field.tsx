import { FieldError, Input, Label, Text, TextArea, TextField, type InputProps, Button } from 'react-aria-components';

interface Props {
  readonly label: string;
  readonly hint?: string;
  /** What is wrong with the value; nothing while it is empty or good. */
  readonly problem?: string | null;
  readonly type?: 'text' | 'url' | 'password' | 'number';
  /** For a text of several lines. */
  readonly multiline?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What stands behind the value, as in `s`. */
  readonly unit?: string;
  readonly input?: Pick<InputProps, 'placeholder' | 'autoComplete' | 'spellCheck' | 'min' | 'max' | 'step'>;
}

/** A text or a number with its label, and what is to be known about it. */
export function Field(props: Props) {
  const { label, hint, problem = null, type = 'text', multiline = false, value, onChange, unit, input } = props;
  return (
    <TextField
      className="field"
      type={type}
      value={value}
      onChange={onChange}
      isInvalid={problem !== null}
      // The page says what is wrong, and the browser's own bubbles do not.
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      <span className={unit === undefined ? undefined : 'unit-input'}>
        {multiline ? <TextArea rows={3} /> : <Input {...input} />}
        {unit === undefined ? null : <span aria-hidden="true">{unit}</span>}
      </span>
      {problem === null ? (
        <Text slot="description" elementType="p" className="field-hint">
          {hint}
        </Text>
      ) : (
        <FieldError elementType="p" className="field-problem">
          {problem}
        </FieldError>
      )}
    </TextField>
  );
}

/** For who has just been refused: the first field that is wrong. */
export function focusFirstProblem(form: HTMLElement): void {
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}

interface ExampleProps {
  readonly value: string;
  readonly onUse: (value: string) => void;
}

/** Fills in what the sandbox understands. Only in local development: elsewhere it would be a dead link. */
export function ExampleButton({ value, onUse }: ExampleProps) {
  if (!DEVELOPMENT) return null;
  return (
    <Button className="example-button" onPress={() => onUse(value)}>
      Use the sandbox’s example
    </Button>
  );
}
