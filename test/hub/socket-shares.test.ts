import { evictDurableObject } from 'cloudflare:test';
import { exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { Hub } from '../../src/hub/hub.ts';
import { toNoRoom } from '../../src/hub/pool.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { SHARD_NAMES, openSocket, socketCount, ALL_TASKS, upgrade } from '../support/socket.ts';
import { APOLLO } from '../support/stream.ts';
import { bearer } from '../support/token.ts';

/** Limits that allow two sockets on each of the four hubs. */
openSandbox('socket-shares', { TENANT_SOCKETS_MAX: '8', ADDRESS_SOCKETS_MAX: '8' });
const MAX = 8;
const SHARE = 2;

const SUBPROTOCOL = 'graphql-transport-ws';

let open: (() => void)[] = [];

beforeEach(async ({ expect }) => {
  await expect.poll(socketCount).toBe(0);
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const leave of open) leave();
  open = [];
});

/** Opens a stream that stays open until the end of the test. */
async function stream(tenant: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await exports.default.fetch('https://gateway.test/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: await bearer(tenant),
      ...headers,
    },
    body: JSON.stringify({ query: ALL_TASKS }),
  });
  if (response.status === 200) {
    const reader = response.body!.getReader();
    open.push(() => void reader.cancel().catch(() => {}));
    await reader.read();
  }
  return response;
}

async function socket(headers: Record<string, string>): Promise<Response> {
  const response = await upgrade(SUBPROTOCOL, headers);
  response.webSocket?.accept();
  if (response.webSocket) open.push(() => response.webSocket?.close(1000));
  return response;
}

describe('streams', () => {
  it.for(['text/event-stream', APOLLO])(
    'are answered 503 with a GraphQL error when all hubs are full: %s',
    async (accept, { expect }) => {
      vi.spyOn(Hub.prototype, 'fetch').mockReturnValue(toNoRoom('FULL'));
      const response = await stream('tenant-full', { accept });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await response.json()).toEqual({
        errors: [
          {
            message: 'No room for another socket. Try again.',
            extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 5_000, requestId: expect.any(String) },
          },
        ],
      });
    },
  );

  it('are answered 503 when their hub does not answer', async ({ expect }) => {
    vi.spyOn(Hub.prototype, 'fetch').mockImplementation(() => {
      throw new Error('moved');
    });
    const response = await stream('tenant-moved');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    await response.body?.cancel();
  });

  it('go to another hub when their own does not answer', async ({ expect }) => {
    vi.spyOn(Hub.prototype, 'fetch').mockImplementationOnce(() => {
      throw new Error('moved');
    });
    expect((await stream('tenant-elsewhere')).status).toBe(200);
  });

  it('of one tenant are limited to its share of every hub, and those of another are served', async ({ expect }) => {
    for (let i = 0; i < MAX; i += 1) expect((await stream('tenant-streams')).status).toBe(200);
    const response = await stream('tenant-streams', { accept: APOLLO });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '5']);
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.stringContaining('The tenant has too many'), extensions: { code: 'RATE_LIMITED' } }],
    });
    expect((await stream('tenant-neighbour')).status).toBe(200);

    open.shift()?.();
    await expect.poll(async () => (await stream('tenant-streams')).status).toBe(200);
  });
});

describe('sockets', () => {
  it('are answered 503 when no hub answers', async ({ expect }) => {
    vi.spyOn(Hub.prototype, 'fetch').mockImplementation(() => {
      throw new Error('moved');
    });
    const response = await upgrade(SUBPROTOCOL);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });
});

describe('sockets of one tenant', () => {
  it('count together with its streams, also after their hub has slept', async ({ expect }) => {
    const authorization = await bearer('tenant-both');
    for (let i = 0; i < MAX - 1; i += 1) expect((await stream('tenant-both')).status).toBe(200);
    const last = await openSocket({ authorization });
    last.send({ type: 'connection_init', payload: { authorization } });
    expect(await last.next()).toEqual({ type: 'connection_ack' });
    open.push(() => last.socket.close(1000));
    for (const name of SHARD_NAMES) await evictDurableObject(env.HUB.getByName(name));
    const refused = await upgrade(SUBPROTOCOL, { authorization });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
  });

  it('are closed with 1013 after connection_init above the tenant’s share of the hub', async ({ expect }) => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const payload = { authorization: await bearer('tenant-unknown') };
    for (let i = 0; i <= SHARE; i += 1) {
      const one = await openSocket();
      open.push(() => one.socket.close(1000));
      one.send({ type: 'connection_init', payload });
      if (i < SHARE) {
        expect(await one.next()).toEqual({ type: 'connection_ack' });
      } else {
        const reason = 'The tenant has too many sockets. Close some, or try again later.';
        expect(await one.closed()).toEqual({ code: 1013, reason });
      }
    }
  });
});

describe('sockets of one address', () => {
  it('are limited before they send a token, and those of another address are served', async ({ expect }) => {
    const ADDRESS = { 'cf-connecting-ip': '203.0.113.7' };
    for (let i = 0; i < MAX; i += 1) {
      // A random shard is dialled first, and the next one when it is full.
      expect((await socket(ADDRESS)).status).toBe(101);
    }
    for (const forged of [{}, { 'x-forwarded-for': '198.51.100.1' }, { 'x-real-ip': '198.51.100.1' }]) {
      const refused = await socket({ ...ADDRESS, ...forged });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
      expect(await refused.text()).toContain('This address has too many');
    }
    expect((await stream('tenant-there', ADDRESS)).status).toBe(429);
    expect((await socket({ 'cf-connecting-ip': '203.0.113.8' })).status).toBe(101);
    // Local development has no client address, so nothing is limited by it.
    for (let i = 0; i < MAX + 1; i += 1) expect((await socket({})).status).toBe(101);
  });

  it('count for its /64 network if it is an IPv6 address, also after their hub has slept', async ({ expect }) => {
    for (let i = 0; i < MAX; i += 1) {
      expect((await socket({ 'cf-connecting-ip': `2001:db8:1:2::${i + 1}` })).status).toBe(101);
    }
    for (const name of SHARD_NAMES) await evictDurableObject(env.HUB.getByName(name));
    expect((await socket({ 'cf-connecting-ip': '2001:db8:1:2:a:b:c:d' })).status).toBe(429);
    expect((await socket({ 'cf-connecting-ip': '2001:db8:1:3::1' })).status).toBe(101);
  });

  it('cannot forge the header in which the Worker passes the caller to the hub', async ({ expect }) => {
    const forged = encodeURIComponent(
      JSON.stringify({ network: null, tenant: null, streamViewer: { tenant: 'tenant-victim', scopes: [] } }),
    );
    for (let i = 0; i < MAX; i += 1) {
      expect((await socket({ 'cf-connecting-ip': '203.0.113.9', 'x-caller': forged })).status).toBe(101);
    }
    expect((await socket({ 'cf-connecting-ip': '203.0.113.9', 'x-caller': forged })).status).toBe(429);
  });
});
