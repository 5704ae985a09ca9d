import { exports } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { openSandbox } from '../support/ledger.ts';
import { openReady, startTask } from '../support/socket.ts';
import { APOLLO, readStream } from '../support/stream.ts';
import { AUTHORIZATION } from '../support/token.ts';

const sandbox = openSandbox('root-field');

/** Documents that hide the root field after or in fragments. */
const DOCUMENTS = {
  'after an empty inline fragment': 'subscription { ... { } taskUpdates { cursor task { status } } }',
  'after an empty fragment':
    'subscription { ...A taskUpdates { cursor task { status } } } fragment A on Subscription { }',
  'after nested empty fragments': `subscription { ...A ...A taskUpdates { cursor task { status } } }
    fragment A on Subscription { ...B ... { ...B } } fragment B on Subscription { ... on Subscription { } }`,
  'in a fragment after an empty one': `subscription { ... { ... { } ...A } }
    fragment A on Subscription { ... { } taskUpdates { cursor task { status } } }`,
} as const;

async function openStream(query: string, accept: string) {
  const response = await exports.default.fetch('https://gateway.test/graphql', {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, accept, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return readStream(response);
}

describe('a subscription', () => {
  it.for(Object.entries(DOCUMENTS))('with its field %s is served on every transport', async ([, query], { expect }) => {
    await startTask(sandbox);
    const socket = await openReady();
    socket.subscribe('1', query);
    expect(await socket.next()).toMatchObject({ id: '1', type: 'next', payload: { data: expect.anything() } });
    socket.socket.close(1000);
    for (const accept of ['text/event-stream', APOLLO]) {
      const stream = await openStream(query, accept);
      expect(await stream.until(/SUBMITTED/)).toContain('"taskUpdates"');
      await stream.leave();
    }
  });
});
