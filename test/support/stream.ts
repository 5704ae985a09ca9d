import { exports } from 'cloudflare:workers';
import { answerStream, type StreamLimits, type StreamPayload } from '../../src/http/stream.ts';
import { streamFormatOf } from '../../src/http/stream-format.ts';
import { dial } from '../../src/hub/pool.ts';
import { env } from './ledger.ts';
import { TASK_CHANGED } from './socket.ts';
import { VIEWER } from './viewer.ts';
import { AUTHORIZATION } from './token.ts';

/** What the clients accept for a subscription over HTTP. */
export const APOLLO = 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json';
export const URQL =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';

/** A match of `until` begins at most this many characters before the newest chunk, so that a long stream takes linear time. */
const MATCH_CHARS_MAX = 4_096;

export interface TestStream {
  readonly response: Response;
  /** What has come since the last time, as soon as its end matches: it has to be readable before anything follows. */
  until(pattern: RegExp): Promise<string>;
  /** Everything up to the end. */
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

/** Asks over HTTP for what `params` say, with gzip on offer. */
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
  return askStream(method, accept, { query: TASK_CHANGED, variables: { id: task.globalId } }, headers);
}

/** A stream whose limits a test need not wait for. */
export async function openLimited(params: StreamPayload, accept: string, limits: StreamLimits): Promise<TestStream> {
  const deps = {
    dial: (request: Request, tenant: string | null) => dial(env.HUB, request, tenant, Math.random),
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
