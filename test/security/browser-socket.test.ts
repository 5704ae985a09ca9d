import { describe, it } from 'vitest';
import { ALLOWED_ORIGIN, corsHeaders, FOREIGN_ORIGIN, GRAPHQL_URL, send } from '../support/browser.ts';
import { openSandbox } from '../support/ledger.ts';
import { socketCount } from '../support/socket.ts';

openSandbox('browser-socket', { CORS_ORIGINS: ALLOWED_ORIGIN });

function upgradeFrom(origin: string | null, url = GRAPHQL_URL): Promise<Response> {
  return send(url, {
    headers: {
      upgrade: 'websocket',
      'sec-websocket-protocol': 'graphql-transport-ws',
      ...(origin !== null && { origin }),
    },
  });
}

describe('a socket', () => {
  // Apollo iOS 1 sends the third form.
  it.for([null, 'https://gateway.test', 'wss://gateway.test', ALLOWED_ORIGIN])(
    'is opened from the origin %s',
    async (origin, { expect }) => {
      const response = await upgradeFrom(origin);
      expect(response.status).toBe(101);
      response.webSocket!.accept();
      response.webSocket!.close(1000);
      await expect.poll(socketCount).toBe(0);
    },
  );

  it.for([
    FOREIGN_ORIGIN,
    'null',
    'http://gateway.test',
    'ws://gateway.test',
    'wss://evil.test',
    `${ALLOWED_ORIGIN}.evil.test`,
  ])('is not hijacked by a page of %j, which a browser would not stop', async (origin, { expect }) => {
    const response = await upgradeFrom(origin);
    expect([response.status, response.webSocket]).toEqual([403, null]);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toMatch(/^This origin may not use the gateway\..*\n$/);
    expect(corsHeaders(response)).toEqual({});
    expect(await socketCount()).toBe(0);
  });

  it('is not opened by DNS rebinding', async ({ expect }) => {
    const response = await upgradeFrom('http://rebound.evil.test', 'http://rebound.evil.test/graphql');
    expect(response.status).toBe(403);
  });
});
