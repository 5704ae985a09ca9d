/** How a subscription is written on HTTP: Server-Sent Events (graphql-sse, distinct connections) or Apollo's multipart. */
export interface StreamFormat {
  readonly headers: Readonly<Record<string, string>>;
  /** What comes before the first event. */
  readonly head: string;
  /** `payload` is the JSON of an execution result. */
  readonly event: (payload: string, cursor: string | null) => string;
  /** `errors` is the JSON of a list: the operation was refused as a whole. */
  readonly refusal: (errors: string) => string;
  readonly heartbeat: string;
  readonly end: string;
}

const COMMON = { 'cache-control': 'private, no-store, no-transform' } as const;

/** https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, with `id:` so that EventSource resumes by itself. */
export const SSE: StreamFormat = {
  headers: { ...COMMON, 'content-type': 'text/event-stream; charset=utf-8' },
  head: ':\n\n',
  event: (payload, cursor) => `${cursor === null ? '' : `id: ${cursor}\n`}event: next\ndata: ${payload}\n\n`,
  refusal: (errors) => `event: next\ndata: {"errors":${errors}}\n\n`,
  heartbeat: ':\n\n',
  end: 'event: complete\ndata:\n\n',
};

/**
 * https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol. Each delimiter is written
 * right after its part, or every event would be seen one event late. Apollo iOS wants the version in the answer's
 * content-type, and no other part header than its own. A heartbeat comes first, as from Apollo Router: the reader in Apollo
 * Kotlin, OkHttp's, throws when an answer ends without a part.
 */
export const MULTIPART: StreamFormat = {
  headers: { ...COMMON, 'content-type': 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0' },
  head: `\r\n--graphql${part('{}')}`,
  event: (payload) => part(`{"payload":${payload}}`),
  refusal: (errors) => part(`{"payload":null,"errors":${errors}}`),
  heartbeat: part('{}'),
  end: '--\r\n',
};

function part(json: string): string {
  return `\r\nContent-Type: application/json\r\n\r\n${json}\r\n--graphql`;
}

/**
 * The header that keeps `wrangler dev` from compressing a stream and so holding every event back. It is sent in
 * development only, because some clients take no `Content-Encoding` but those they have asked for.
 */
export const UNCOMPRESSED = { name: 'content-encoding', value: 'identity' } as const;

/** The format that a client accepts first; null: none of those that stream. */
export function streamFormatOf(accept: string | null): StreamFormat | null {
  if (accept === null) return null;
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((token) => token.trim());
    if (type === 'text/event-stream') return SSE;
    const isSubscriptions = parameters.some((parameter) => /^subscriptionspec="?1\.0"?$/.test(parameter));
    if (type === 'multipart/mixed' && isSubscriptions) return MULTIPART;
  }
  return null;
}
