/** A refused operation. The message has the text and the code of the first error or failure, and the id of the request. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused';
  readonly code: string;

  constructor(code: string, message: string, requestId: string) {
    super(`${message} (${code}, request ${requestId})`);
    this.code = code;
  }
}

interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly requestId?: string };
  }[];
}

/** Runs an operation and returns its data. */
export type Execute = <Data>(query: string, variables?: object) => Promise<Data>;

/** Creates a GraphQL client for `url` that sends `token`. It throws `OperationRefused` for errors, and for a mutation that failed. */
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
      throw new OperationRefused(code ?? String(response.status), error.message, requestId ?? 'unknown');
    }
    const failure = Object.values(answer.data ?? {}).find(isFailure);
    if (failure !== undefined) {
      throw new OperationRefused(failure.code, failure.message, response.headers.get('x-request-id') ?? 'unknown');
    }
    return answer.data as Data;
  };
}

/** A failure that a mutation answers with instead of its object. */
interface Failure {
  readonly code: string;
  readonly message: string;
}

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'message' in answer;
}
