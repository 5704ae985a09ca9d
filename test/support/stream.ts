import { exports } from 'cloudflare:workers';
import { answerStream, streamFormatOf, type StreamLimits, type StreamPayload } from '../../src/http/stream.ts';
import { dial } from '../../src/hub/pool.ts';
import { env } from './ledger.ts';
import { ONE_TASK } from './socket.ts';
import { AUTHORIZATION } from './token.ts';
import { VIEWER } from './viewer.ts';

/** The `accept` headers of Apollo's and urql's clients for a subscription. */
export const APOLLO = 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json';
export const URQL =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';

/** The characters before the newest chunk that `until` searches, so that a long stream takes linear time. */
const MATCH_CHARS_MAX = 4_096;

export interface TestStream {
  readonly response: Response;
  /** Resolves to the text since the last call, as soon as its end matches. No later chunk may be necessary. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves to the text up to the end of the stream. */
  rest(): Promise<string>;
  leave(): Promise<void>;
}

export function readStream(response: Response): TestStream {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  return {
    response,
    async until(pattern) {
      const parts: string[] = [];
      let end = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended: ${parts.join('')}`);
        parts.push(value);
        end += value;
        if (pattern.test(end)) return parts.join('');
        end = end.slice(-MATCH_CHARS_MAX);
      }
    },
    async rest() {
      let text = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return text;
        text += value;
      }
    },
    leave: () => reader.cancel(),
  };
}

/** Sends an operation over HTTP, and accepts gzip. */
export async function askStream(
  method: 'GET' | 'POST',
  accept: string,
  params: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<TestStream> {
  const common = { authorization: AUTHORIZATION, accept, 'accept-encoding': 'gzip, br', ...headers };
  const url = 'https://gateway.test/graphql';
  const texts = Object.entries(params).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const response = await (method === 'GET'
    ? exports.default.fetch(`${url}?${new URLSearchParams(texts)}`, { headers: common })
    : exports.default.fetch(url, {
        method,
        headers: { ...common, 'content-type': 'application/json' },
        body: JSON.stringify(params),
      }));
  return readStream(response);
}

/** Subscribes to a task over HTTP. */
export function openStream(
  method: 'GET' | 'POST',
  accept: string,
  task: { readonly globalId: string },
  headers: Readonly<Record<string, string>> = {},
): Promise<TestStream> {
  return askStream(method, accept, { query: ONE_TASK, variables: { id: task.globalId } }, headers);
}

/** Opens a stream with short limits, so that tests need not wait long. */
export async function openLimited(params: StreamPayload, accept: string, limits: StreamLimits): Promise<TestStream> {
  const deps = {
    dial: (request: Request, tenant: string | null) =>
      dial(env.HUB, request, tenant, { random: Math.random, log: () => {} }),
    viewer: VIEWER,
    network: null,
    requestId: 'r',
    accept,
    origin: 'https://gateway.test',
    format: streamFormatOf(accept)!,
    lastCursor: null,
    log: () => {},
  };
  return readStream(await answerStream(params, deps, limits));
}
