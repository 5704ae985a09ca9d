import { stringifyDocument, type TypedDocumentNode } from 'urql';

/** An operation as the user's own code would send it. */
export interface Operation<Variables> {
  readonly document: TypedDocumentNode<unknown, Variables>;
  readonly variables: Variables;
}

/** Returns the lines of the document. The cache needs each `__typename`, readers do not. */
function linesOf(document: Parameters<typeof stringifyDocument>[0]): readonly string[] {
  return stringifyDocument(document)
    .split('\n')
    .filter((line) => !['', '__typename'].includes(line.trim()));
}

/** Returns the operation as GraphQL, with its variables in comments at the end. */
export function toGraphQL<Variables>(operation: Operation<Variables>): string {
  const variables = JSON.stringify(operation.variables, null, 2).split('\n');
  return [...linesOf(operation.document), '', '# Variables:', ...variables.map((line) => `# ${line}`), ''].join('\n');
}

/**
 * Returns the operation as a curl command for sh, bash and zsh, with the token in `$TOKEN`. A quoted here-document needs no
 * escapes and has no limit of length. No line of the JSON is the word that ends it.
 */
export function toCurl<Variables>(operation: Operation<Variables>, url: string): string {
  const query = linesOf(operation.document)
    .map((line) => line.trim())
    .join(' ');
  const body = JSON.stringify({ query, variables: operation.variables }, null, 2);
  return [
    `curl '${url}' \\`,
    `  -H "authorization: Bearer $TOKEN" \\`,
    `  -H 'content-type: application/json' \\`,
    `  --data-binary @- <<'JSON'`,
    body,
    'JSON',
    '',
  ].join('\n');
}
