import { describe, it } from 'vitest';
import { type createGraphqlClient, URL_OF_GRAPHQL } from './graphql-client.ts';

/** A request that must be refused with `status`, in GraphQL's form. */
export interface Attack {
  readonly name: string;
  readonly send: () => Promise<Response>;
  readonly status: number;
  /** `BAD_USER_INPUT` if it is not given. */
  readonly code?: string;
  readonly message?: RegExp;
}

/** The body of a POST. */
export function jsonBody(query: unknown, more: object = {}): string {
  return JSON.stringify({ query, ...more });
}

/** A body of pieces of 1,000 bytes, and how many of them were read. */
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

/** The address of a GET. */
export function getUrl(params: Record<string, string>): string {
  return `${URL_OF_GRAPHQL}?${new URLSearchParams(params)}`;
}

/** One test for each attack: it is refused as a fault of the request, reaches nothing, and is no bug in the log. */
export function testAttacks(client: ReturnType<typeof createGraphqlClient>, attacks: readonly Attack[]): void {
  describe('is refused in GraphQL form, never with 500:', () => {
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
