import { Hono } from 'hono';
import { describe, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { respondThrown } from '../../src/http/respond.ts';
import { type AppEnv, noteTask, requestLog, type RequestTrace } from '../../src/http/log.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

async function answer(request: Request, handle: (trace: RequestTrace) => Response | Promise<Response>) {
  const lines: LogEvent[] = [];
  let clock = 100;
  const deps = {
    logOf: () => (event: LogEvent) => lines.push(event),
    now: () => (clock += 5),
    randomId: () => 'random-id',
  };
  const app = new Hono<AppEnv>();
  app.use(requestLog(deps));
  app.onError((error, c) => respondThrown(error, c.req.raw, c.var.trace, deps.logOf()));
  app.all('/things/:id', (c) => handle(c.var.trace));
  const response = await app.fetch(request);
  return { response, lines };
}

const REQUEST = () =>
  new Request('https://gateway.test/things/s3cret?token=s3cret', { headers: { authorization: 's3cret' } });

describe('the log', () => {
  it('has one line for each request, with the matched route and without secrets', async ({ expect }) => {
    const { lines } = await answer(REQUEST(), async ({ notes }) => {
      Object.assign(notes, { operationName: 'Tasks', operationType: 'query', errorCodes: ['NOT_FOUND'] });
      return new Response(null, { status: 204 });
    });
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'request',
        requestId: 'random-id',
        method: 'GET',
        route: '/things/:id',
        status: 204,
        durationMs: 5,
        operationName: 'Tasks',
        operationType: 'query',
        errorCodes: ['NOT_FOUND'],
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('s3cret');
  });

  it('has the operation of a GraphQL request, without its variables', async ({ expect }) => {
    const client = createGraphqlClient();
    const query = 'query Mine($id: ID!) { node(id: $id) { id } }';
    await client.post(JSON.stringify({ query, variables: { id: 's3cret' } }));
    expect(client.notes).toEqual({ operationName: 'Mine', operationType: 'query' });
    expect(client.logged).toEqual([]);
  });

  it('cuts a long operation name', async ({ expect }) => {
    const client = createGraphqlClient();
    await client.execute(`query ${'q'.repeat(5000)} { __typename }`);
    expect(client.notes.operationName).toHaveLength(100);
  });
});

function notesOf(...taskIds: string[]) {
  const trace: RequestTrace = { requestId: 'r', notes: {} };
  for (const taskId of taskIds) noteTask(trace, taskId);
  return trace.notes;
}

describe('the tasks of a request', () => {
  it('are logged once each, as one id or as a list', ({ expect }) => {
    expect(notesOf('one', 'one')).toEqual({ taskId: 'one' });
    expect(notesOf('one', 'two', 'one')).toEqual({ taskId: 'one', taskIds: ['one', 'two'] });
  });

  it('are logged up to a limit of 20', ({ expect }) => {
    const taskIds = Array.from({ length: 500 }, (_, i) => `task-${i}`);
    expect(notesOf(...taskIds)).toEqual({ taskId: 'task-0', taskIds: taskIds.slice(0, 20) });
  });
});

describe('an error that a handler throws', () => {
  it('is masked if it is a bug, and logged with its stack', async ({ expect }) => {
    const { response, lines } = await answer(REQUEST(), async () => {
      throw new Error('inside');
    });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      errors: [
        { message: 'Internal error', extensions: { code: 'INTERNAL', retryable: false, requestId: 'random-id' } },
      ],
    });
    expect(lines).toMatchObject([
      { level: 'error', message: 'unexpected error', text: 'inside', stack: expect.stringContaining('inside') },
      { level: 'error', message: 'request', status: 500, errorCodes: ['INTERNAL'] },
    ]);
  });

  it('is shown if it is a GatewayError', async ({ expect }) => {
    const { response, lines } = await answer(REQUEST(), async () => {
      throw new GatewayError({ code: 'UNAUTHENTICATED', message: 'Sign in.', retryable: false });
    });
    expect(response.status).toBe(401);
    expect(lines).toMatchObject([{ level: 'info', message: 'request', status: 401, errorCodes: ['UNAUTHENTICATED'] }]);
  });

  it.for<[accept: string | null, type: string]>([
    ['application/graphql-response+json, application/json;q=0.9', 'application/graphql-response+json; charset=utf-8'],
    ['application/json', 'application/json'],
    ['text/event-stream', 'application/json'],
    [null, 'application/json'],
  ])(
    'is sent in the media type in which clients read it, to a client that accepts %s',
    async ([accept, type], { expect }) => {
      const request = new Request('https://gateway.test/things/1', accept === null ? {} : { headers: { accept } });
      const { response } = await answer(request, async () => {
        throw new GatewayError({ code: 'RATE_LIMITED', message: 'Wait.', retryable: true });
      });
      expect([response.status, response.headers.get('content-type')]).toEqual([429, type]);
    },
  );
});

describe('the request id', () => {
  it.for([
    ['abc-DEF_123', 'abc-DEF_123'],
    ['short', 'random-id'],
    ['x'.repeat(65), 'random-id'],
    ['with blank inside', 'random-id'],
    ['<script>alert(1)', 'random-id'],
  ] as const)('of the header %j is %j', async ([given, expected], { expect }) => {
    const request = new Request('https://gateway.test/things/1', { headers: { 'x-request-id': given } });
    const { response } = await answer(request, async ({ requestId }) => new Response(requestId));
    expect(response.headers.get('x-request-id')).toBe(expected);
    expect(await response.text()).toBe(expected);
  });
});
