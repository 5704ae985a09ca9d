import { exports } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { ALL_TASKS, useSockets } from '../support/socket.ts';
import { AUTHORIZATION } from '../support/token.ts';

const openReady = useSockets();

const QUERY = 'query ($status: [TaskStatus!]) { tasks(filter: { status: $status }) { edges { cursor } } }';
const CREATE =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';

interface Attack {
  readonly query: string;
  readonly variables: object;
}

function keys(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
}

async function overHttp(attack: Attack): Promise<string> {
  const response = await exports.default.fetch('https://gateway.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: AUTHORIZATION },
    body: JSON.stringify(attack),
  });
  return response.text();
}

async function overSocket({ query, variables }: Attack): Promise<string> {
  const socket = await openReady();
  socket.subscribe('a', query, variables);
  return JSON.stringify(await socket.next());
}

describe('expensive variables', () => {
  it.for<[name: string, send: (attack: Attack) => Promise<string>, attack: Attack, says: string]>([
    [
      '9,000 unknown keys over HTTP',
      overHttp,
      { query: CREATE, variables: { input: keys(9_000) } },
      'at most 100 fields, this one has 9000',
    ],
    [
      '5,000 unknown keys over a socket',
      overSocket,
      { query: ALL_TASKS, variables: { filter: keys(5_000) } },
      'at most 100 fields, this one has 5000',
    ],
    ['100 unknown keys over HTTP', overHttp, { query: CREATE, variables: { input: keys(100) } }, 'error limit reached'],
    [
      '100 unknown keys over a socket',
      overSocket,
      { query: ALL_TASKS, variables: { filter: keys(100) } },
      'error limit reached',
    ],
    [
      'a query with 5,000 unknown keys over a socket',
      overSocket,
      { query: CREATE, variables: { input: keys(5_000) } },
      'at most 100 fields, this one has 5000',
    ],
    [
      'a list of 20,000 over HTTP',
      overHttp,
      { query: QUERY, variables: { status: Array(20_000).fill('x') } },
      'at most 1000 items, this one has 20000',
    ],
    [
      'a long text over HTTP',
      overHttp,
      { query: QUERY, variables: { status: ['x'.repeat(100_000)] } },
      'does not exist in',
    ],
    [
      'a long text over a socket',
      overSocket,
      { query: ALL_TASKS, variables: { filter: { kind: 'x'.repeat(50_000) } } },
      'does not exist in',
    ],
  ])('are refused with a short message: %s', async ([, send, attack, says], { expect }) => {
    const answer = await send(attack);
    expect(answer).toContain(says);
    expect(answer).toContain('BAD_USER_INPUT');
    expect(answer.length).toBeLessThan(5_000);
  });
});
