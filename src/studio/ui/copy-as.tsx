import { useState } from 'react';
import { Button } from 'react-aria-components';
import type { TypedDocumentNode } from 'urql';
import { toCurl, toGraphQL } from '../api/code-samples.ts';
import { announce } from './announcer.tsx';

interface Props<Variables> {
  /** The action in words, such as `Find faces`, for a screen reader. */
  readonly action: string;
  readonly document: TypedDocumentNode<unknown, Variables>;
  /** Called when the user copies. Each copy of a paid action should have an external id of its own. */
  readonly variables: () => Variables;
}

const FORMS = ['GraphQL', 'curl'] as const;
type Form = (typeof FORMS)[number];

/** Copies what an action sends to the gateway, as GraphQL or as a curl command. The token is never part of it. */
export function CopyAs<Variables>({ action, document, variables }: Props<Variables>) {
  const [said, setSaid] = useState<string | null>(null);

  async function copy(form: Form): Promise<void> {
    const operation = { document, variables: variables() };
    const text = form === 'GraphQL' ? toGraphQL(operation) : toCurl(operation, `${location.origin}/graphql`);
    const outcome = await navigator.clipboard.writeText(text).then(
      () => `Copied as ${form}`,
      () => 'Couldn’t copy',
    );
    setSaid(outcome);
    announce(outcome);
  }

  return (
    <span className="copy-as" role="group" aria-label={`Copy “${action}” as code`}>
      <span>Copy as</span>
      {FORMS.map((form) => (
        <Button
          key={form}
          className="copy-as-form"
          aria-label={`Copy as ${form}`}
          onPress={() => void copy(form)}
          onBlur={() => setSaid(null)}
        >
          {form}
        </Button>
      ))}
      {/* At the end, so that no button moves away from under the pointer. */}
      <span className="copy-as-outcome">{said}</span>
    </span>
  );
}
