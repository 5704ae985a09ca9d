import { type Agent, request } from 'node:http';
import { AUTHORIZATION } from '../support/token.ts';

/** A GraphQL answer, in the form that the gateway promises. */
export interface GraphqlAnswer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly retryable?: boolean };
  }[];
}

/** `LOST` means no answer, or only a part of one. */
export type Sent = { readonly answer: GraphqlAnswer } | { readonly lost: string };

const TIMEOUT_MS = 30_000;

/**
 * Posts one operation as the tenant of the tests. Resets the connection after `cutMs`, or never if it is null. Without an
 * agent, the operation has its own connection.
 */
export async function sendOperation(
  gatewayUrl: string,
  operation: { readonly query: string; readonly variables: object },
  cutMs: number | null,
  agent: Agent | false = false,
): Promise<Sent> {
  return new Promise((resolve) => {
    const body = JSON.stringify(operation);
    const call = request(`${gatewayUrl}/graphql`, {
      method: 'POST',
      agent,
      headers: {
        authorization: AUTHORIZATION,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    const timer = setTimeout(() => {
      end({ lost: cutMs === null ? 'no answer in time' : 'cut' });
      if (call.socket === null) call.destroy();
      else call.socket.resetAndDestroy();
    }, cutMs ?? TIMEOUT_MS);
    function end(sent: Sent): void {
      clearTimeout(timer);
      resolve(sent);
    }
    call.on('error', (error) => end({ lost: error.message }));
    call.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', (error) => end({ lost: error.message }));
      response.on('close', () => end({ lost: 'the answer broke off' }));
      response.on('end', () => {
        if (response.complete) end(parse(Buffer.concat(parts).toString(), response.statusCode ?? 0));
      });
    });
    call.end(body);
  });
}

function parse(text: string, status: number): Sent {
  try {
    return { answer: JSON.parse(text) as GraphqlAnswer };
  } catch {
    return { lost: `no JSON with ${status}` };
  }
}
