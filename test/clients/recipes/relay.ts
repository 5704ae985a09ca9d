import { Environment, Network, Observable, RecordSource, Store } from 'relay-runtime';
import type { FetchFunction } from 'relay-runtime';
import { authorizedFetch, type GetToken } from './authorized';
import type { Subscriber } from './resumable';

/** `subscriber` is `createWsClient(…)` or `createSseClient(…)`. */
export function createEnvironment(url: string, getToken: GetToken, subscriber: Subscriber): Environment {
  const send = authorizedFetch(getToken);
  // A document that relay-compiler has persisted has an `id`. Others have a `text`.
  const fetchOperation: FetchFunction = async ({ id, text }, variables) => {
    const body = JSON.stringify({ documentId: id, query: text, variables });
    const response = await send(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return response.json();
  };
  const network = Network.create(fetchOperation, ({ id, text }, variables) =>
    Observable.create((sink) => subscriber.subscribe({ documentId: id, query: text ?? '', variables }, sink)),
  );
  return new Environment({ network, store: new Store(new RecordSource()) });
}
