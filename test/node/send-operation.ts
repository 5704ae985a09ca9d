import { type Agent, request } from 'node:http';
import { AUTHORIZATION } from '../support/token.ts';

/** A GraphQL answer. Its form is what the gateway promises; a violation shows as a missing property. */
export interface GraphqlAnswer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** `LOST`: no answer, or only a part of one. */
export type Sent = { readonly answer: GraphqlAnswer } | { readonly lost: string };

const TIMEOUT_MS = 30_000;

/**
 * Posts one operation, as the tenant of the tests. Its connection is reset after `cutMs`, whatever it is doing then; null: never. Without an agent the
 * connection is the operation's own.
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
