import { exports } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import { openSandbox } from '../support/ledger.ts';
import { readStream } from '../support/stream.ts';
import { startTask, ONE_TASK, useSockets, withBusyHubs } from '../support/socket.ts';
import { evictDurableObject } from 'cloudflare:test';
import { AUTHORIZATION } from '../support/token.ts';

const sandbox = openSandbox('persisted-documents');
const connected = useSockets();
const NOT_FOUND = [
  { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', retryable: false } },
] as const;

async function extensionsFor(query: string) {
  return { persistedQuery: { version: 1, sha256Hash: await sha256(query) } };
}

describe('a document named by its hash', () => {
  it('over a socket is unknown at first, is sent once, and is then found', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await connected();
    const variables = { id: task.globalId };
    // The document is unique to this test, because an isolate keeps documents across tests.
    const query = `${ONE_TASK} # over a socket`;
    const extensions = await extensionsFor(query);
    socket.send({ id: '1', type: 'subscribe', payload: { extensions, variables } });
    expect(await socket.next()).toMatchObject({ id: '1', type: 'error', payload: NOT_FOUND });
    socket.send({ id: '1', type: 'subscribe', payload: { query, extensions, variables } });
    expect(await socket.told('1')).toMatchObject({ task: { id: task.globalId } });
    socket.send({ id: '2', type: 'subscribe', payload: { extensions, variables } });
    expect(await socket.told('2')).toMatchObject({ task: { id: task.globalId } });
    await withBusyHubs(evictDurableObject);
    await task.advance('processing');
    const told = [await socket.next(), await socket.next()];
    expect(new Set(told.map(({ id }) => id))).toEqual(new Set(['1', '2']));
  });

  it('over a socket is answered by the Worker if it is a query', async ({ expect }) => {
    const socket = await connected();
    const query = '{ __typename } # over a socket';
    const extensions = await extensionsFor(query);
    for (const payload of [{ query, extensions }, { extensions }]) {
      socket.send({ id: '1', type: 'subscribe', payload });
      expect(await socket.next()).toEqual({ id: '1', type: 'next', payload: { data: { __typename: 'Query' } } });
      expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
    }
  });

  it.for([
    [{ extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } }, query: '{ __typename }' }, /SHA-256/],
    [{ documentId: 'unknown' }, /no document with this id/],
    [{ id: 'unknown' }, /no document with this id/],
  ] as const)('that is invalid is refused without closing the socket: %j', async ([payload, message], { expect }) => {
    const socket = await connected();
    socket.send({ id: '1', type: 'subscribe', payload });
    expect(await socket.next()).toEqual({
      id: '1',
      type: 'error',
      payload: [
        {
          message: expect.stringMatching(message),
          extensions: { code: 'BAD_USER_INPUT', retryable: false, requestId: expect.any(String) },
        },
      ],
    });
    await socket.isQuiet();
  });

  it('over server-sent events is unknown at first, is sent once, and is then found', async ({ expect }) => {
    const task = await startTask(sandbox);
    const query = `${ONE_TASK} # as a stream`;
    const extensions = await extensionsFor(query);
    const post = (body: object): Promise<Response> =>
      exports.default.fetch('https://gateway.test/graphql', {
        method: 'POST',
        headers: { authorization: AUTHORIZATION, accept: 'text/event-stream', 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, variables: { id: task.globalId } }),
      });
    expect(await (await post({ extensions })).text()).toContain('PERSISTED_QUERY_NOT_FOUND');
    for (const body of [{ query, extensions }, { extensions }]) {
      const stream = readStream(await post(body));
      expect(await stream.until(/event: next/)).toContain(task.globalId);
      await stream.leave();
    }
  });
});
