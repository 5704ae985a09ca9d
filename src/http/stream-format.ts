/** A format of subscriptions over HTTP: Server-Sent Events (graphql-sse, distinct connections) or Apollo's multipart. */
export interface StreamFormat {
  readonly contentType: string;
  /** The text before the first event. */
  readonly head: string;
  /** Formats an event. `payload` is the JSON of an execution result. */
  readonly event: (payload: string, cursor: string | null) => string;
  /** Formats the refusal of the whole operation. `errors` is the JSON of a list. */
  readonly refusal: (errors: string) => string;
  readonly heartbeat: string;
  readonly end: string;
}

/** The `cache-control` of every stream. A proxy that transforms a stream, such as by compressing it, holds events back. */
export const STREAM_CACHE_CONTROL = 'private, no-store, no-transform';

/** https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, with `id:`, so that EventSource resumes by itself. */
export const SSE: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  head: ':\n\n',
  event: (payload, cursor) => `${cursor === null ? '' : `id: ${cursor}\n`}event: next\ndata: ${payload}\n\n`,
  refusal: (errors) => `event: next\ndata: {"errors":${errors}}\n\n`,
  heartbeat: ':\n\n',
  end: 'event: complete\ndata:\n\n',
};

/**
 * https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol. Each delimiter follows
 * its part at once, because clients show an event only after its delimiter. Apollo iOS needs the version in the content
 * type, and no part header except the content type. A heartbeat comes first, as from Apollo Router, because OkHttp (Apollo
 * Kotlin) throws if a response ends without a part.
 */
export const MULTIPART: StreamFormat = {
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
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
 * The header that keeps `wrangler dev` from compressing a stream, which would hold back every event. Only sent in
 * development, because some clients reject a `Content-Encoding` that they did not ask for.
 */
export const UNCOMPRESSED = { name: 'content-encoding', value: 'identity' } as const;

/** Returns the first stream format in an `accept` header. Returns null without one. */
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
