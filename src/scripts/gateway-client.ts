/** A refused operation. The message has the text, the code and the request id of the first error. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly requestId?: string };
  }[];
}

/** Runs an operation and returns its data. */
export type Execute = <Data>(query: string, variables?: object) => Promise<Data>;

/** Creates a GraphQL client for `url` that sends `token`. It throws `OperationRefused` if an answer has errors. */
export function createExecute(url: string, token: string): Execute {
  return async <Data>(query: string, variables: object = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
      },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as Answer;
    const error = answer.errors?.[0];
    if (error !== undefined) {
      const { code, requestId } = error.extensions ?? {};
      throw new OperationRefused(`${error.message} (${code ?? response.status}, request ${requestId ?? 'unknown'})`);
    }
    return answer.data as Data;
  };
}
