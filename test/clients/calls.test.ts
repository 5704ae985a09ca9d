import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import { startGateway, type RunningGateway } from '../node/gateway.ts';
import { mintToken } from '../support/token.ts';
import { APOLLO } from './callers/apollo.ts';
import { type Caller, type Calls, taskOf } from './callers/caller.ts';
import { EVENT_SOURCE, FETCH } from './callers/http.ts';
import { RELAY } from './callers/relay.ts';
import { GRAPHQL_SSE, GRAPHQL_WS } from './callers/streams.ts';
import { URQL } from './callers/urql.ts';

const CALLERS: readonly Caller[] = [GRAPHQL_WS, GRAPHQL_SSE, APOLLO, URQL, RELAY, FETCH, EVENT_SOURCE];

/** How clients that do not read the answer show an invalid token: 4403 is the code of a socket, 401 a status. */
const REFUSAL = new Map<Caller, number>([
  [GRAPHQL_WS, 4403],
  [EVENT_SOURCE, 401],
]);

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Creates a client with its own tenant. */
function open({ onTestFinished }: TestContext, caller: Caller, getToken: () => Promise<string>): Calls {
  const url = `${gateway.url}/graphql`;
  const calls = caller.open({ url, socketUrl: url.replace('http', 'ws'), getToken });
  onTestFinished(() => calls.close());
  return calls;
}

/** The input of a voice that succeeds. */
function voice(externalId?: string): object {
  return { name: 'Called', sample: { url: `https://example.com/${randomUUID()}-sandbox-ok-12s.mp3` }, externalId };
}

async function failureOf(calling: Promise<unknown>): Promise<unknown> {
  return calling.then(
    (value) => {
      throw new Error(`did not fail: ${JSON.stringify(value)}`);
    },
    (failure: unknown) => failure,
  );
}

describe.each(CALLERS.map((caller) => ({ library: caller.library, caller })))('$library', ({ caller }) => {
  test.concurrent('creates a task and reads it', async (context) => {
    const { expect } = context;
    const token = await mintToken(randomUUID());
    const calls = open(context, caller, async () => token);
    const externalId = randomUUID();
    const maker = caller === EVENT_SOURCE ? open(context, FETCH, async () => token) : calls;
    const task = taskOf(await maker.createVoiceTask(voice(externalId)));
    expect(task.externalId).toBe(externalId);
    expect(await calls.task(task.id)).toMatchObject({ id: task.id, externalId });
    expect(await calls.task('Vm9pY2VUYXNrOm5vbmU')).toBeNull();
  });

  test.concurrent('walks a list page by page', async (context) => {
    const { expect } = context;
    const token = await mintToken(randomUUID());
    const maker = open(context, FETCH, async () => token);
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.unshift(taskOf(await maker.createVoiceTask(voice())).id);
    const walked = await open(context, caller, async () => token).walkTasks(2);
    expect(walked).toEqual([ids.slice(0, 2), ids.slice(0, 4), ids]);
  });

  test.runIf(caller !== EVENT_SOURCE)('receives all problems of an input', { concurrent: true }, async (context) => {
    const { expect } = context;
    const token = await mintToken(randomUUID());
    const calls = open(context, caller, async () => token);
    const answer = await calls.createVoiceTask({ name: '', sample: { url: 'http://example.com/a.mp3' } });
    expect(answer).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'input.name: must be 1 to 20 characters long and not blank (and 1 more)',
      issues: [
        {
          code: 'OUT_OF_RANGE',
          path: ['input', 'name'],
          message: 'must be 1 to 20 characters long and not blank',
        },
        {
          code: 'URL_NOT_ALLOWED',
          path: ['input', 'sample', 'url'],
          message: 'must be an https URL, not http',
        },
      ],
    });
  });

  test.concurrent('receives FORBIDDEN for an operation outside its scopes', async (context) => {
    const { expect } = context;
    const token = await mintToken(randomUUID(), { scope: 'voices:read' });
    const calls = open(context, caller, async () => token);
    const errors = caller.errorsOf(await failureOf(calls.operator()));
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', retryable: false } }]);
  });

  test.concurrent('reports an invalid token', async (context) => {
    const { expect } = context;
    const calls = open(context, caller, async () => 'nothing');
    const refusal = caller.refusalOf(await failureOf(calls.task('1')));
    expect(refusal).toBe(REFUSAL.get(caller) ?? 'UNAUTHENTICATED');
  });
});

test('A mutation through an EventSource is refused, because it is sent by GET', async (context) => {
  const { expect } = context;
  const token = await mintToken(randomUUID());
  const calls = open(context, EVENT_SOURCE, async () => token);
  expect(EVENT_SOURCE.refusalOf(await failureOf(calls.createVoiceTask(voice())))).toBe(405);
});
