import { Button } from 'react-aria-components';

interface Props {
  readonly value: string;
  readonly onUse: (value: string) => void;
}

/** Fills in what the sandbox understands. Only in local development: elsewhere it would be a dead link. */
export function ExampleButton({ value, onUse }: Props) {
  if (!DEVELOPMENT) return null;
  return (
    <Button className="example-button" onPress={() => onUse(value)}>
      Use the sandbox’s example
    </Button>
  );
}
