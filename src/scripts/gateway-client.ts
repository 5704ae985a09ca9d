/** A GraphQL client in one function, for the programs that people run in a terminal. */

/** What a refused operation says: the first error's text and code, and everything that was wrong with the input. */
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

export type Execute = <Data>(query: string, variables?: object) => Promise<Data>;

/** Posts operations to the gateway at `url`, as the bearer of `token`. Throws `OperationRefused` when an answer has errors. */
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
