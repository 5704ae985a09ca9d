import { exports } from 'cloudflare:workers';
import { expect } from 'vitest';
import { openSocket } from '../socket.ts';
import { readStream } from '../stream.ts';
import { SCOPES } from '../../../src/domain/ports.ts';
import { bearer as bearerWith } from '../token.ts';

export interface Question {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/**
 * Asks the gateway over one transport. Returns the answers in the order of the questions, each as JSON with everything
 * that a client can compare. A subscription may send no event if `mayBeSilent` is set.
 */
export type Ask = (tenant: string, questions: readonly Question[], mayBeSilent: boolean) => Promise<string[]>;

/** All scopes of a tenant. An operator sees the work of all tenants. */
const SCOPE = SCOPES.filter((scope) => scope !== 'operator').join(' ');

function bearer(tenant: string, claims = { scope: SCOPE }): Promise<string> {
  return bearerWith(tenant, claims);
}

const URL_OF_GRAPHQL = 'https://gateway.test/graphql';

/** Requests at once. */
const AT_ONCE = 8;

/** Returns the headers without those that differ for every request. */
function headersOf(response: Response): readonly (readonly [string, string])[] {
  return [...response.headers].filter(([name]) => name !== 'x-request-id' && name !== 'content-length');
}

async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(work))));
  }
  return results;
}

function post(question: Question, authorization: string, accept: string): Promise<Response> {
  const headers = { authorization, accept, 'content-type': 'application/json' };
  return exports.default.fetch(URL_OF_GRAPHQL, { method: 'POST', headers, body: JSON.stringify(question) });
}

function get({ query, variables }: Question, authorization: string, accept: string): Promise<Response> {
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  return exports.default.fetch(`${URL_OF_GRAPHQL}?${search}`, { headers: { authorization, accept } });
}

/** Sends a request, and reads the whole response. */
const whole =
  (send: typeof post): Ask =>
  async (tenant, questions) => {
    const authorization = await bearer(tenant);
    return inTurns(questions, async (question) => {
      const response = await send(question, authorization, 'application/json');
      const body: unknown = JSON.parse(await response.text());
      return JSON.stringify({ status: response.status, headers: headersOf(response), body });
    });
  };

/** Requests a stream, and reads its first event. Nothing follows a refusal, and an event of another tenant would be a leak. */
const streamed =
  (send: typeof post, accept: string, isAnswered: RegExp): Ask =>
  async (tenant, questions) => {
    const authorization = await bearer(tenant);
    return inTurns(questions, async (question) => {
      const stream = readStream(await send(question, authorization, accept));
      const isStream = !/json/.test(stream.response.headers.get('content-type') ?? '');
      const text = isStream ? await stream.until(isAnswered) : await stream.rest();
      await stream.leave();
      // A multipart stream starts with a heartbeat, which is an empty object.
      const [json = 'null'] = /\{.+\}/.exec(text) ?? [];
      const frame = text.replace(json, '');
      const { status } = stream.response;
      return JSON.stringify({ status, headers: headersOf(stream.response), frame, body: JSON.parse(json) });
    });
  };

/** Operations on one socket: below the limits of 100 started and 64 running at once. */
const PER_SOCKET = 60;
const SILENT_TURNS = 30;

const overSocket: Ask = async (tenant, questions, mayBeSilent) => {
  const authorization = await bearer(tenant);
  const answers: string[] = [];
  for (let i = 0; i < questions.length; i += PER_SOCKET) {
    const some = questions.slice(i, i + PER_SOCKET);
    const opened = await openSocket({ authorization });
    opened.send({ type: 'connection_init', payload: { authorization } });
    expect(await opened.next()).toEqual({ type: 'connection_ack' });
    for (const [n, { query, variables }] of some.entries()) opened.subscribe(String(n), query, variables);
    const firstOf = (n: number) => opened.frames.find(({ id }) => id === String(n));
    const isAnswered = () => some.every((_, n) => firstOf(n) !== undefined);
    // A subscription that is silent for this many turns is taken as silent.
    const turnsMax = mayBeSilent ? SILENT_TURNS : 0;
    for (let n = 0; n < turnsMax && !isAnswered(); n += 1) {
      opened.subscribe(`turn ${n}`, '{ __typename }');
      await expect
        .poll(() => opened.frames.some(({ id, type }) => id === `turn ${n}` && type === 'complete'))
        .toBe(true);
    }
    if (!mayBeSilent)
      await expect.poll(isAnswered, { message: 'all questions are answered', timeout: 30_000 }).toBe(true);
    answers.push(...some.map((_, n) => JSON.stringify({ ...(firstOf(n) ?? { type: 'silence' }), id: '' })));
    opened.socket.close(1000);
  }
  return answers;
};

/** Every transport, by name. `operations` lists the kinds of operation that it supports. */
export const WAYS: Readonly<Record<string, { readonly ask: Ask; readonly operations: readonly string[] }>> = {
  'HTTP POST': { ask: whole(post), operations: ['query', 'mutation', 'subscription'] },
  'HTTP GET': { ask: whole(get), operations: ['query', 'mutation'] },
  WebSocket: { ask: overSocket, operations: ['query', 'mutation', 'subscription'] },
  'SSE POST': { ask: streamed(post, 'text/event-stream', /\}\s*\n/), operations: ['subscription'] },
  'SSE GET': { ask: streamed(get, 'text/event-stream', /\}\s*\n/), operations: ['subscription'] },
  multipart: {
    ask: streamed(post, 'multipart/mixed;subscriptionSpec=1.0,application/json', /"payload":.*\}\s*\r?\n/),
    operations: ['subscription'],
  },
};

/** Sends one question by HTTP POST, and returns its answer. `claims` replace the scopes of a tenant. */
export async function askOne(
  tenant: string,
  query: string,
  variables: Record<string, unknown> = {},
  claims?: { readonly scope: string },
  // oxlint-disable-next-line typescript/no-explicit-any -- answers of any shape
): Promise<any> {
  const response = await post({ query, variables }, await bearer(tenant, claims), 'application/json');
  return response.json();
}
