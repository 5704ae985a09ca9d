import { authorizedFetch, type GetToken } from './authorized';

export interface GatewayError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly retryable: boolean;
    readonly issues?: readonly {
      readonly code: string;
      readonly path: readonly (string | number)[];
      readonly message: string;
    }[];
  };
}

export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GatewayError[];
}

/** Runs a query or mutation: its text is in `query`, or the id of a trusted document in `documentId`. */
export async function execute<Data>(
  url: string,
  getToken: GetToken,
  operation: { query?: string; documentId?: string; variables?: object },
): Promise<Answer<Data>> {
  const response = await authorizedFetch(getToken)(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify(operation),
  });
  // A refusal has a 4xx status and the same body.
  return response.json() as Promise<Answer<Data>>;
}
