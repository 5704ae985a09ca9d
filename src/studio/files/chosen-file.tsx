import { Button } from '../ui/button.tsx';
import { formatSeconds } from '../ui/format.ts';

interface Props {
  readonly label: string;
  readonly name: string;
  /** Null if it is unknown. */
  readonly durationMs: number | null;
  readonly hint: string;
  readonly onRemove: () => void;
}

/** Shows a file instead of the field for a link. */
export function ChosenFile({ label, name, durationMs, hint, onRemove }: Props) {
  return (
    <div className="field" role="group" aria-label={label}>
      <span className="chosen-label">{label}</span>
      <div className="chosen-file">
        <span className="chosen-name">{name}</span>
        {durationMs === null ? null : <span className="muted">{formatSeconds(durationMs)}</span>}
        <Button kind="quiet" aria-label={`Remove ${name}`} onPress={onRemove}>
          Remove
        </Button>
      </div>
      <p className="field-hint">{hint}</p>
    </div>
  );
}
