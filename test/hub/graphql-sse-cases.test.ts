/**
 * The cases of graphql-sse's handler suite (github.com/enisdenjo/graphql-sse, tests/handler.test.ts) in distinct connections
 * mode. Other cases are needs of its parser and of EventSource. The gateway does not offer single connection mode: its requests
 * wait for results in another request's stream, to which a Worker cannot write. `differs` states what graphql-sse does.
 * Hooks and adapters for Node frameworks are left out. Heartbeats are in stream-leaving.test.ts.
 */

import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { openSandbox } from '../support/ledger.ts';
import { socketCount, startTask } from '../support/socket.ts';
import { titled } from '../support/socket-case.ts';
import { askStream } from '../support/stream.ts';
import { AUTHORIZATION } from '../support/token.ts';

const sandbox = openSandbox('graphql-sse-cases');
const STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };
const JSON_ANSWER = { 'content-type': expect.stringMatching(/^application\/json(;|$)/) };

/** Reads the events of a whole stream. Throws on an event that is neither next nor complete, as graphql-sse's parser does. */
function eventsOf(text: string): unknown[] {
  const [start, ...blocks] = text.split('\n\n');
  if (start !== ':' || blocks.pop() !== '') throw new Error(`no stream: ${JSON.stringify(text)}`);
  const events = blocks.filter((block) => block !== ':');
  return events.map((block) => {
    const match = /^(?:id: \S+\n)?event: (?:next\ndata: (.*)|complete\ndata:)$/.exec(block);
    if (match === null) throw new Error(`no event: ${JSON.stringify(block)}`);
    return match[1] === undefined ? 'complete' : JSON.parse(match[1]);
  });
}

interface Case {
  readonly name: string;
  readonly method?: string;
  readonly accept?: string;
  readonly search?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
  readonly differs?: string;
  readonly status?: number;
  /** Headers of the answer. By default those of a stream. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Results that come as next before complete. By default there are no results. */
  readonly results?: readonly object[];
  /** Message of the single error, which carries the request id of the answer. */
  readonly refused?: RegExp;
}

async function play(one: Case): Promise<void> {
  const { search, headers, body, status = 200, answers = STREAM, results = [], refused } = one;
  const response = await exports.default.fetch(`https://gateway.test/graphql?${new URLSearchParams(search)}`, {
    method: one.method ?? 'POST',
    headers: {
      authorization: AUTHORIZATION,
      accept: one.accept ?? 'text/event-stream',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  expect(response.status).toBe(status);
  expect(Object.fromEntries(response.headers)).toMatchObject(answers);
  const isStream = response.headers.get('content-type') === STREAM['content-type'];
  const text = await response.text();
  const wanted = refused === undefined ? results : [errorLike(refused, response.headers.get('x-request-id'))];
  expect(isStream ? eventsOf(text) : [JSON.parse(text)]).toEqual([...wanted, ...(isStream ? ['complete'] : [])]);
}

function errorLike(message: RegExp, requestId: string | null): object {
  const extensions = expect.objectContaining({ requestId });
  return { errors: [expect.objectContaining({ message: expect.stringMatching(message), extensions })] };
}

const query = '{ __typename }';
const typename = [{ data: { __typename: 'Query' } }];
const AS_STREAM = 'graphql-sse answers 400 in JSON, which an EventSource hides; the protocol requires a stream';

const CASES: readonly Case[] = [
  { name: 'a query over GET', method: 'GET', search: { query }, results: typename },
  { name: 'a query over POST', body: { query }, results: typename },
  {
    name: 'a mutation over POST',
    body: { query: 'mutation { __typename }' },
    results: [{ data: { __typename: 'Mutation' } }],
  },
  { name: 'an empty operationName', method: 'GET', search: { query, operationName: '' }, results: typename },
  {
    name: 'a result with line breaks',
    body: { query: '{ __type(name: "__Type") { description } }' },
    results: [{ data: { __type: { description: expect.stringContaining('\n\n') } } }],
  },
  { name: 'validation errors', body: { query: '{ notExists }' }, refused: /^Cannot query field "notExists"/ },
  { name: 'a query that cannot be parsed', body: { query: '}}' }, refused: /^Syntax Error/, differs: AS_STREAM },
  {
    name: 'an unknown operationName',
    body: { query: `query A ${query}`, operationName: 'B' },
    refused: /operation/,
    differs: AS_STREAM,
  },
  {
    name: 'two operations without operationName',
    body: { query: `query A ${query} query B ${query}` },
    refused: /operation/,
    differs: AS_STREAM,
  },
  { name: 'no query over GET', method: 'GET', refused: /"query"/, differs: AS_STREAM },
  { name: 'no query over POST', body: {}, refused: /"query"/, differs: AS_STREAM },
  { name: 'a query that is not a string', body: { query: 1 }, refused: /"query"/, differs: AS_STREAM },
  {
    name: 'variables that are not an object',
    body: { query, variables: [] },
    refused: /"variables"/,
    differs: AS_STREAM,
  },
  {
    name: 'extensions that are not an object',
    body: { query, extensions: 'x' },
    refused: /"extensions"/,
    differs: AS_STREAM,
  },
  {
    name: 'variables in the URL that are not JSON',
    method: 'GET',
    search: { query, variables: '{' },
    refused: /"variables"/,
    differs: AS_STREAM,
  },
  { name: 'a body that is not JSON', body: '{', refused: /JSON/, differs: AS_STREAM },
  { name: 'a body that is a list', body: [{ query }], refused: /Batches/, differs: AS_STREAM },
  {
    name: 'variables that cannot be coerced',
    body: { query: 'query ($id: ID!) { node(id: $id) { id } }' },
    refused: /^Variable "\$id"/,
  },
  {
    name: 'another content-type',
    body: query,
    headers: { 'content-type': 'text/plain' },
    status: 415,
    refused: /content-type/,
  },
  {
    name: 'a mutation over GET',
    method: 'GET',
    search: { query: 'mutation { __typename }' },
    status: 405,
    refused: /mutation/i,
    answers: { ...STREAM, allow: 'POST' },
  },
  {
    name: 'a reservation (PUT)',
    method: 'PUT',
    accept: '*/*',
    status: 405,
    refused: /GET and POST/,
    answers: { allow: 'GET, POST' },
    differs: 'graphql-sse answers 201 and a token in single connection mode',
  },
  {
    name: 'the end of an operation (DELETE)',
    method: 'DELETE',
    search: { operationId: '1' },
    status: 405,
    refused: /GET and POST/,
    answers: { allow: 'GET, POST' },
    differs: 'graphql-sse ends the operation in single connection mode',
  },
  {
    name: 'a token of a reservation',
    headers: { 'x-graphql-event-stream-token': 'token' },
    body: { query, extensions: { operationId: '1' } },
    results: typename,
    differs: 'graphql-sse answers 202 and uses the reserved stream',
  },
  {
    name: 'an unknown Accept header',
    method: 'GET',
    accept: 'gibberish',
    search: { query },
    status: 406,
    refused: /accept/,
    answers: JSON_ANSWER,
  },
  {
    name: 'no query, with Accept: application/json',
    method: 'GET',
    accept: 'application/json',
    status: 400,
    refused: /"query"/,
    answers: JSON_ANSWER,
  },
  {
    name: 'no token',
    headers: { authorization: '' },
    body: { query },
    status: 401,
    answers: JSON_ANSWER,
    refused: /token/i,
  },
];

describe('a request for an event stream', () => {
  it.for(titled(CASES))('with %s', async ([, one]) => {
    expect.hasAssertions();
    await play(one);
  });

  it.for(['GET', 'POST'] as const)('with a subscription over %s gets next, then complete', async (method) => {
    const task = await startTask(sandbox);
    const watch = 'subscription ($id: ID!) { taskUpdates(taskId: $id) { task { status } } }';
    const stream = await askStream(method, 'text/event-stream', { query: watch, variables: { id: task.globalId } });
    const start = await stream.until(/SUBMITTED.*\n\n$/);
    await task.advance('processing');
    const middle = await stream.until(/PROCESSING.*\n\n$/);
    await task.advance('succeed');
    const events = eventsOf(start + middle + (await stream.rest()));
    const results = ['SUBMITTED', 'PROCESSING', 'SUCCEEDED'].map((status) => ({
      data: { taskUpdates: { task: { status } } },
    }));
    expect(events).toEqual([...results, 'complete']);
  });

  it('with a subscription ends its operation when the client leaves', async () => {
    await expect.poll(socketCount).toBe(0);
    const stream = await askStream('POST', 'text/event-stream', { query: 'subscription { taskUpdates { cursor } }' });
    await expect.poll(socketCount).toBe(1);
    await stream.leave();
    const task = await startTask(sandbox);
    await task.advance('processing');
    await expect.poll(socketCount).toBe(0);
  });
});
