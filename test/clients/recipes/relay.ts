import { Environment, Network, Observable, RecordSource, Store } from 'relay-runtime';
import type { FetchFunction } from 'relay-runtime';
import { authorizedFetch, type GetToken } from './authorized.ts';
import type { Subscriber } from './resumable.ts';

/** `subscriber` is `createWsClient(…)` or `createSseClient(…)`. */
export function createEnvironment(url: string, getToken: GetToken, subscriber: Subscriber): Environment {
  const send = authorizedFetch(getToken);
  const fetchOperation: FetchFunction = async ({ text }, variables) => {
    const body = JSON.stringify({ query: text, variables });
    const response = await send(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return response.json();
  };
  const network = Network.create(fetchOperation, ({ name, text }, variables) =>
    Observable.create((sink) => subscriber.subscribe({ operationName: name, query: text ?? '', variables }, sink)),
  );
  return new Environment({ network, store: new Store(new RecordSource()) });
}
