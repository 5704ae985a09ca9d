import { EventSource } from 'eventsource'; // The browser's own EventSource cannot send a token.
import { authorizedFetch, type GetToken } from './authorized';

/** Reconnects by itself with the `id` of the last event, so the operation needs no `$after`. Queries work too, but mutations do not. */
export function watch(
  url: string,
  getToken: GetToken,
  { variables, ...document }: { variables: object } & ({ query: string } | { documentId: string }),
  onResult: (result: unknown) => void,
): EventSource {
  const search = new URLSearchParams({ ...document, variables: JSON.stringify(variables) });
  const source = new EventSource(`${url}?${search.toString()}`, { fetch: authorizedFetch(getToken) });
  source.addEventListener('next', ({ data }) => onResult(JSON.parse(data as string)));
  source.addEventListener('complete', () => source.close());
  return source;
}
