import { describe, it } from 'vitest';
import { type createGraphqlClient, URL_OF_GRAPHQL } from './graphql-client.ts';

/** A request that must be refused with `status` and a GraphQL error. */
export interface Attack {
  readonly name: string;
  readonly send: () => Promise<Response>;
  readonly status: number;
  /** Defaults to `BAD_USER_INPUT`. */
  readonly code?: string;
  readonly message?: RegExp;
}

/** Builds the body of a POST. */
export function jsonBody(query: unknown, more: object = {}): string {
  return JSON.stringify({ query, ...more });
}

/** Builds a body in chunks of 1,000 bytes, and counts the bytes that were read. */
export function inPieces(text: string) {
  const bytes = new TextEncoder().encode(text);
  const read = { bytes: 0 };
  const body = new ReadableStream<Uint8Array>({
    type: 'bytes',
    pull(controller) {
      controller.enqueue(bytes.slice(read.bytes, read.bytes + 1000));
      read.bytes += 1000;
      if (read.bytes >= bytes.length) controller.close();
    },
  });
  return { body, read };
}

/** Builds the URL of a GET. */
export function getUrl(params: Record<string, string>): string {
  return `${URL_OF_GRAPHQL}?${new URLSearchParams(params)}`;
}

/** Defines one test for each attack: it is refused as a fault of the request, reaches no ledger, and logs no error. */
export function testAttacks(client: ReturnType<typeof createGraphqlClient>, attacks: readonly Attack[]): void {
  describe('is refused with a GraphQL error, never with 500:', () => {
    it.for(attacks)('$name', async ({ send, status, code = 'BAD_USER_INPUT', message = /./ }, { expect }) => {
      const response = await send();
      const body = await response.json();
      expect(body).toMatchObject({
        errors: [
          {
            message: expect.stringMatching(message),
            extensions: { code, retryable: false, requestId: 'request-of-test' },
          },
        ],
      });
      expect(response.status).toBe(status);
      expect(client.ledger.calls).toEqual([]);
      expect(client.logged).toEqual([]);
    });
  });
}
