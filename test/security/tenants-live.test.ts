import { describe, it } from 'vitest';
import { exports } from 'cloudflare:workers';
import { shardOf } from '../../src/hub/pool.ts';
import { ledgerOf, openSandbox } from '../support/ledger.ts';
import { openSocket, socketCounts, startTask, ONE_TASK, ALL_TASKS, type TestSocket } from '../support/socket.ts';
import { APOLLO, readStream, type TestStream } from '../support/stream.ts';
import { WAYS } from '../support/tenants/ask.ts';
import { neverLike } from '../support/tenants/likeness.ts';
import { bearer } from '../support/token.ts';

const sandbox = openSandbox('tenants-live');

/** Two tenants on the same hub, with the same subscription. */
const [ANN, BOB] = ['ann-of-the-tests', 'bob-of-the-tests'];

async function openSocketOf(tenant: string): Promise<TestSocket> {
  const authorization = await bearer(tenant);
  const socket = await openSocket({ authorization });
  socket.send({ type: 'connection_init', payload: { authorization } });
  await socket.next();
  return socket;
}

async function openStreamOf(tenant: string, accept: string): Promise<TestStream> {
  const response = await exports.default.fetch('https://gateway.test/graphql', {
    method: 'POST',
    headers: { authorization: await bearer(tenant), accept, 'content-type': 'application/json' },
    body: JSON.stringify({ query: ALL_TASKS }),
  });
  return readStream(response);
}

/** Starts a task of a tenant, and opens a subscription on every transport. */
async function openAll(tenant: string) {
  const task = await startTask(sandbox, tenant);
  const socket = await openSocketOf(tenant);
  socket.subscribe('a', ALL_TASKS);
  const streams = [await openStreamOf(tenant, 'text/event-stream'), await openStreamOf(tenant, APOLLO)];
  const heard = [...streams, { until: async () => JSON.stringify(await socket.told('a')) }];
  return {
    task,
    socket,
    /** Returns what each transport receives up to and including this status. */
    hear: (status: string) => Promise.all(heard.map((each) => each.until(new RegExp(`"${status}"`)))),
    async close() {
      socket.socket.close(1000);
      for (const stream of streams) await stream.leave();
    },
  };
}

describe('two tenants with the same subscription on the same hub', () => {
  it('each receive only events of their own tasks', async ({ expect }) => {
    expect(shardOf(ANN)).toBe(shardOf(BOB));
    const ann = await openAll(ANN);
    const bob = await openAll(BOB);
    const said = { ann: await ann.hear('SUBMITTED'), bob: await bob.hear('SUBMITTED') };
    expect((await socketCounts()).filter((count) => count > 0)).toEqual([6]);
    for (const [mover, other] of [
      [ann, bob],
      [bob, ann],
    ] as const) {
      await mover.task.advance('processing');
      const heard = await mover.hear('PROCESSING');
      await other.socket.isQuiet();
      (mover === ann ? said.ann : said.bob).push(...heard);
    }
    // A stream keeps the order of events: a leaked event of the other tenant would come before its own end.
    await bob.task.advance('succeed');
    said.bob.push(...(await bob.hear('SUCCEEDED')));
    await ann.socket.isQuiet();
    await ann.task.advance('failed');
    said.ann.push(...(await ann.hear('FAILED')));
    await bob.socket.isQuiet();
    expect(said.ann.filter((text) => text.includes(ann.task.globalId))).toHaveLength(said.ann.length);
    expect(said.bob.filter((text) => text.includes(bob.task.globalId))).toHaveLength(said.bob.length);
    expect(said.ann.filter((text) => text.includes(bob.task.globalId))).toEqual([]);
    expect(said.bob.filter((text) => text.includes(ann.task.globalId))).toEqual([]);
    await ann.close();
    await bob.close();
  });

  it("cannot resume after the other's cursor", async ({ expect }) => {
    const ann = await openAll(ANN);
    const [first = ''] = await ann.hear('SUBMITTED');
    const [, cursor] = /"cursor":"([^"]+)"/.exec(first) ?? [];
    const bob = await openSocketOf(BOB);
    bob.subscribe('b', ALL_TASKS, { after: cursor });
    expect(await bob.next()).toMatchObject({
      id: 'b',
      type: 'error',
      payload: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    bob.socket.close(1000);
    await ann.close();
  });
});

describe("a subscription to another tenant's task by its id", () => {
  it.for(['WebSocket', 'SSE POST', 'SSE GET', 'multipart'])(
    'over %s is answered like one to an unknown id: only the request id differs',
    async (way, { expect }) => {
      const [ann, bob] = [await startTask(sandbox, ANN), await startTask(sandbox, BOB)];
      const ids = [neverLike(ann.globalId), ann.globalId, bob.globalId];
      const questions = ids.map((id) => ({ query: ONE_TASK, variables: { id } }));
      const [unknown = '', foreign = '', own] = await WAYS[way]!.ask(BOB, questions, false);
      expect(foreign).toContain('"message":"There is no such task."');
      expect(foreign).toContain('"code":"NOT_FOUND"');
      const [ofUnknown, ofForeign] = [requestIdOf(unknown), requestIdOf(foreign)];
      expect(ofForeign).not.toBe(ofUnknown);
      expect(foreign.replaceAll(ofForeign, ofUnknown)).toBe(unknown);
      expect(own).toContain('"status":"SUBMITTED"');
    },
  );

  it('gets no event when the task changes', async ({ expect }) => {
    const task = await startTask(sandbox, ANN);
    const bob = await openSocketOf(BOB);
    bob.subscribe('b', ONE_TASK, { id: task.globalId });
    expect(await bob.next()).toMatchObject({ id: 'b', type: 'error' });
    await task.advance('processing');
    await bob.isQuiet();
    bob.socket.close(1000);
  });
});

describe("a subscription to the label of another tenant's task", () => {
  it('gets only events of own tasks with this label', async ({ expect }) => {
    const [ann, bob] = [await startTask(sandbox, ANN), await startTask(sandbox, BOB)];
    const socket = await openSocketOf(BOB);
    const query = 'subscription ($label: String) { taskUpdates(filter: { label: $label }) { task { id label } } }';
    const label = 'a label of both';
    socket.subscribe('b', query, { label });
    await socket.isQuiet();
    for (const [tenant, { id }] of [
      [ANN, ann],
      [BOB, bob],
    ] as const) {
      expect(await ledgerOf(tenant).updateTask({ id, kind: 'VOICE', label })).toMatchObject({ ok: true });
    }
    expect(await socket.next()).toMatchObject({
      payload: { data: { taskUpdates: { task: { id: bob.globalId, label } } } },
    });
    await socket.isQuiet();
    socket.socket.close(1000);
  });
});

function requestIdOf(answer: string): string {
  return /"requestId":"([\w-]+)"/.exec(answer)![1]!;
}
