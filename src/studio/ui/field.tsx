import { FieldError, Input, Label, Text, TextArea, TextField, type InputProps, Button } from 'react-aria-components';

interface Props {
  readonly label: string;
  readonly hint?: string;
  /** The problem with the value. Null if it is valid or not checked yet. */
  readonly problem?: string | null;
  readonly type?: 'text' | 'url' | 'password' | 'number';
  /** Whether the text has several lines. */
  readonly multiline?: boolean;
  /** Whether the field takes the focus when it appears. */
  readonly autoFocus?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** The unit after the value, such as `s`. */
  readonly unit?: string;
  readonly input?: Pick<
    InputProps,
    'placeholder' | 'autoComplete' | 'spellCheck' | 'min' | 'max' | 'step' | 'maxLength'
  >;
}

/** An input for a text or a number, with a label, and a hint or a problem. */
export function Field(props: Props) {
  const { label, hint, problem = null, type = 'text', multiline = false, autoFocus = false } = props;
  const { value, onChange, unit, input } = props;
  return (
    <TextField
      className="field"
      type={type}
      value={value}
      onChange={onChange}
      autoFocus={autoFocus}
      isInvalid={problem !== null}
      // The page shows problems, instead of the browser's own bubbles.
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

/** Focuses the first invalid field of a form. */
export function focusFirstProblem(form: HTMLElement): void {
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}

interface ExampleProps {
  readonly value: string;
  readonly onUse: (value: string) => void;
}

/** Fills in an example for the sandbox. Shown only in local development, because a deployed gateway uses Kling. */
export function ExampleButton({ value, onUse }: ExampleProps) {
  if (!DEVELOPMENT) return null;
  return (
    <Button className="example-button" onPress={() => onUse(value)}>
      Use the sandbox’s example
    </Button>
  );
}
