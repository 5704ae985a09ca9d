import { exports } from 'cloudflare:workers';
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, it, vi } from 'vitest';
import { hashOfTenant } from '../../src/lib/hash.ts';
import { openSandbox } from '../support/ledger.ts';
import {
  openReady,
  openSocket,
  startTask,
  ONE_TASK,
  ALL_TASKS,
  withBusyHubs,
  type TestSocket,
} from '../support/socket.ts';
import { openStream, readStream } from '../support/stream.ts';
import { bearer, TENANT } from '../support/token.ts';
import { watchLog } from '../support/watch-log.ts';

const sandbox = openSandbox('tokens');

const SECOND_MS = 1_000;
/** Default of AUTH_CLOCK_TOLERANCE_SECONDS. */
const TOLERANCE_MS = 10 * SECOND_MS;

/** Creates a token that is valid for a minute, and returns the instant at which it expires. */
async function minute(claims: object = {}): Promise<{ readonly authorization: string; readonly overAtMs: number }> {
  const exp = Math.floor(Date.now() / SECOND_MS) + 60;
  return { authorization: await bearer(TENANT, { exp, ...claims }), overAtMs: exp * SECOND_MS + TOLERANCE_MS };
}

async function initialise(authorization: unknown): Promise<TestSocket> {
  const socket = await openSocket();
  socket.send({ type: 'connection_init', payload: { authorization } });
  return socket;
}

async function openWith(authorization: string): Promise<TestSocket> {
  const socket = await initialise(authorization);
  await socket.next();
  return socket;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('connection_init', () => {
  it.for<[name: string, authorization: () => unknown, reason: string]>([
    ['no token', () => undefined, 'Send a token: "authorization: Bearer ...".'],
    ['a token that is not a string', () => ({ token: 1 }), 'Send a token: "authorization: Bearer ...".'],
    ['another scheme', () => 'Basic dGVzdDp0ZXN0', 'Send a token: "authorization: Bearer ...".'],
    ['text that is not a token', () => 'Bearer garbage', 'The token is not valid.'],
    ['an expired token', () => bearer(TENANT, { exp: 1 }), 'The token has expired.'],
    ['a token without a tenant', () => bearer(TENANT, { sub: '' }), 'The token\'s claim "sub" names no tenant.'],
  ])('with %s closes with 4403', async ([, authorization, reason], { expect }) => {
    const socket = await initialise(await authorization());
    expect(await socket.closed()).toEqual({ code: 4403, reason });
    expect(socket.frames).toEqual([]);
  });

  it('with an expired token is logged with the claim, the tenant and the request id of the upgrade', async ({
    expect,
  }) => {
    const socket = await openSocket({ 'x-request-id': 'request-for-a-socket' });
    const lines = watchLog();
    socket.send({ type: 'connection_init', payload: { authorization: await bearer(TENANT, { exp: 1 }) } });
    await socket.closed();
    const about = { requestId: 'request-for-a-socket', tenant: hashOfTenant(TENANT) };
    expect(lines()).toEqual([
      { level: 'info', message: 'token refused', claim: 'exp', cause: 'ERR_JWT_EXPIRED', ...about },
    ]);
  });

  it('twice, while the first token is being verified, closes with 4429', async ({ expect }) => {
    const socket = await openSocket();
    const init = { type: 'connection_init', payload: { authorization: await bearer(TENANT) } };
    socket.send(init);
    socket.send(init);
    expect((await socket.closed()).code).toBe(4429);
  });
});

describe('when a token expires', () => {
  it('its socket is closed with 4403, also while the hub sleeps, and others stay open', async ({ expect }) => {
    const task = await startTask(sandbox);
    const { authorization, overAtMs } = await minute();
    const short = await openWith(authorization);
    short.subscribe('a', ONE_TASK, { id: task.globalId });
    await short.told('a');
    const long = await openReady();
    long.subscribe('b', ONE_TASK, { id: task.globalId });
    await long.told('b');
    await withBusyHubs(evictDurableObject);
    vi.spyOn(Date, 'now').mockReturnValue(overAtMs);
    await withBusyHubs(async (hub) => void (await runDurableObjectAlarm(hub)));
    expect(await short.closed()).toEqual({ code: 4403, reason: 'The token has expired' });
    await long.isQuiet();
    long.socket.close(1000);
  });

  it('the alarm for it is set by a hub that wakes without one', async ({ expect }) => {
    const { authorization, overAtMs } = await minute();
    const socket = await openWith(authorization);
    await withBusyHubs((hub) => runInDurableObject(hub, (_hub, { storage }) => storage.deleteAlarm()));
    await withBusyHubs(evictDurableObject);
    await socket.isQuiet();
    const alarms: (number | null)[] = [];
    await withBusyHubs(async (hub) => {
      alarms.push(await runInDurableObject(hub, (_hub, { storage }) => storage.getAlarm()));
    });
    expect(alarms).toContain(overAtMs);
    socket.socket.close(1000);
  });

  it('no frame is sent, even before the alarm runs', async ({ expect }) => {
    const task = await startTask(sandbox);
    const { authorization, overAtMs } = await minute();
    const socket = await openWith(authorization);
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    await socket.told('a');
    vi.spyOn(Date, 'now').mockReturnValue(overAtMs);
    await task.advance('processing');
    expect((await socket.closed()).code).toBe(4403);
    expect(socket.frames.filter(({ type }) => type === 'next')).toHaveLength(1);
  });

  it('later operations of its socket are not answered', async ({ expect }) => {
    const { authorization, overAtMs } = await minute();
    const socket = await openWith(authorization);
    vi.spyOn(Date, 'now').mockReturnValue(overAtMs);
    socket.subscribe('a', '{ viewer { tenant } }');
    expect(await socket.closed()).toEqual({ code: 4403, reason: 'The token has expired' });
    expect(socket.frames).toEqual([{ type: 'connection_ack' }]);
  });

  it('frames are sent until one millisecond before', async ({ expect }) => {
    const task = await startTask(sandbox);
    const { authorization, overAtMs } = await minute();
    const socket = await openWith(authorization);
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    await socket.told('a');
    vi.spyOn(Date, 'now').mockReturnValue(overAtMs - 1);
    await task.advance('processing');
    expect((await socket.told('a')).task.status).toBe('PROCESSING');
    socket.socket.close(1000);
  });

  it('its stream breaks off, and a reconnect with the same token is 401', async ({ expect }) => {
    const task = await startTask(sandbox);
    const exp = Math.floor((Date.now() - TOLERANCE_MS) / SECOND_MS) + 2;
    const authorization = await bearer(TENANT, { exp });
    const stream = await openStream('POST', 'text/event-stream', task, { authorization });
    await stream.until(/SUBMITTED/);
    expect(await stream.rest()).not.toMatch(/complete|error|next/);
    const again = await openStream('POST', 'text/event-stream', task, { authorization });
    expect(again.response.status).toBe(401);
  });
});

describe('a token with fewer scopes', () => {
  it('after a reconnect gets no event outside its scopes', async ({ expect }) => {
    const task = await startTask(sandbox);
    const whole = await openReady();
    whole.subscribe('a', ONE_TASK, { id: task.globalId });
    const { cursor } = await whole.told('a');
    whole.socket.close(1000);
    const narrow = await openWith(await bearer(TENANT, { scope: 'lipsync:read' }));
    // The task is a voice task.
    narrow.subscribe('a', ONE_TASK, { id: task.globalId, after: cursor });
    expect(await narrow.next()).toMatchObject({
      id: 'a',
      type: 'error',
      payload: [{ extensions: { code: 'FORBIDDEN' } }],
    });
    narrow.subscribe('b', ALL_TASKS);
    narrow.subscribe('c', ALL_TASKS, { filter: { kind: 'VOICE' } });
    expect(await narrow.next()).toMatchObject({ id: 'c', payload: [{ extensions: { code: 'FORBIDDEN' } }] });
    await task.advance('processing');
    await narrow.isQuiet();
    narrow.socket.close(1000);
  });

  it('does not share executions with a token with more scopes', async ({ expect }) => {
    const task = await startTask(sandbox);
    const query = `subscription ($id: ID!) { taskUpdates(taskId: $id) { task { queuePosition } } }`;
    const sockets = [
      await openWith(await bearer(TENANT, { scope: 'voices:read' })),
      await openWith(await bearer(TENANT, { scope: 'voices:read lipsync:read' })),
    ];
    for (const socket of sockets) {
      socket.subscribe('a', query, { id: task.globalId });
      await socket.told('a');
    }
    await task.advance('processing');
    for (const socket of sockets) {
      await socket.told('a');
      socket.socket.close(1000);
    }
    expect(sockets).toHaveLength(2);
  });
});

describe('a query over a socket', () => {
  it("is answered for the socket's viewer", async ({ expect }) => {
    const socket = await openWith(await bearer('another-tenant', { scope: 'voices:read' }));
    socket.subscribe(
      'q',
      '{ viewer { tenant scopes } tasks { edges { cursor } } operator { klingTasks(list: LIP_SYNCS) { page } } }',
    );
    expect(await socket.next()).toMatchObject({
      payload: {
        data: { viewer: { tenant: 'another-tenant', scopes: ['voices:read'] }, tasks: { edges: [] }, operator: null },
        errors: [{ path: ['operator'], extensions: { code: 'FORBIDDEN' } }],
      },
    });
    socket.socket.close(1000);
  });

  it('cannot be sent as another viewer by a forged header', async ({ expect }) => {
    for (const headers of [{ 'x-stream-viewer': encodeURIComponent('{"tenant":"default"}') }, { 'x-viewer': '{}' }]) {
      const response = await exports.default.fetch('https://gateway.test/graphql?query={__typename}', { headers });
      expect(response.status).toBe(401);
      expect(await readStream(response).rest()).toContain('UNAUTHENTICATED');
    }
  });
});
