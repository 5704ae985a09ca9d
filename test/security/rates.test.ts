import { exports } from 'cloudflare:workers';
import { afterEach, describe, it, vi } from 'vitest';
import { networkOf } from '../../src/http/limits.ts';
import { callbackDeps, postCallback, V1_BODY } from '../support/callbacks.ts';
import { env, failureOf, ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';
import { openSocket, upgrade } from '../support/socket.ts';
import { bearer } from '../support/token.ts';

openSandbox('rates', {
  TENANT_MUTATIONS_PER_MINUTE: '3',
  TENANT_AUDIO_BODIES_PER_MINUTE: '2',
  TENANT_SUBSCRIPTIONS_PER_MINUTE: '2',
  TENANT_CALLBACKS_PER_MINUTE: '2',
});

describe('a tenant that floods', () => {
  it('with mutations is refused with the time to wait, and spends nothing', async ({ expect }) => {
    const ledger = ledgerOf('mutations');
    for (let i = 0; i < 3; i += 1) valueOf(await ledger.createVoiceTask(voiceInput(`voice-${i}`)));
    const tries = [
      await ledger.createVoiceTask(voiceInput('voice-4')),
      await ledger.deleteVoice({ voiceId: '1', anyOwner: false }),
      await ledger.cancelTask({ id: '1', kind: 'VOICE' }),
      await ledger.identifyFaces({ video: { url: 'https://example.com/a.mp4' } }),
      await ledger.synthesizeSpeech({ speech: { text: 'a', klingVoiceId: 'b', language: 'en' } }),
    ];
    for (const answer of tries) {
      const { code, retryable, retryAfterMs } = failureOf(answer);
      expect([code, retryable]).toEqual(['RATE_LIMITED', true]);
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(20_000);
    }
    const { edges } = valueOf(await ledger.tasks({ kind: null, statuses: [] }, { first: 10, after: null }));
    expect(edges).toHaveLength(3);
  });

  it('with subscriptions is refused with RATE_LIMITED', async ({ expect }) => {
    const ledger = ledgerOf('subscriptions');
    for (let i = 0; i < 2; i += 1) expect(valueOf(await ledger.attach('shard-0'))).toBe(0);
    expect(failureOf(await ledger.attach('shard-0'))).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
  });

  it('with large bodies is refused with the time to wait', async ({ expect }) => {
    const ledger = ledgerOf('large-bodies');
    for (let i = 0; i < 2; i += 1) valueOf(await ledger.takeLargeBody());
    const { code, retryAfterMs } = failureOf(await ledger.takeLargeBody());
    expect(code).toBe('RATE_LIMITED');
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(30_000);
  });

  it('does not use up the rates of other tenants', async ({ expect }) => {
    expect(valueOf(await ledgerOf('another').attach('shard-0'))).toBe(0);
    valueOf(await ledgerOf('another').takeLargeBody());
    valueOf(await ledgerOf('another').createVoiceTask(voiceInput('voice')));
  });

  it('with callbacks is answered 429, which does not acknowledge them', async ({ expect }) => {
    const ledger = ledgerOf('callbacks');
    expect([await ledger.ingest('1', null), await ledger.ingest('1', null)]).toEqual([0, 0]);
    const retryAfterMs = await ledger.ingest('1', null);
    expect(retryAfterMs).toBeGreaterThan(0);
    const deps = callbackDeps({ ingest: async () => retryAfterMs });
    const response = await postCallback(deps, V1_BODY);
    expect([response.status, Number(response.headers.get('retry-after'))]).toEqual([
      429,
      Math.ceil(retryAfterMs / 1_000),
    ]);
  });
});

/** Mocks Cloudflare's rate limit, so that these keys are above it. */
function exhausted(...keys: readonly string[]): void {
  vi.spyOn(env.REQUEST_RATE, 'limit').mockImplementation(async ({ key }) => ({ success: !keys.includes(key) }));
}

async function ask(tenant: string): Promise<Response> {
  return exports.default.fetch('https://gateway.test/graphql?query={__typename}', {
    headers: { authorization: await bearer(tenant) },
  });
}

describe('requests', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('above the rate of their tenant are answered 429, and those of another tenant are not', async ({ expect }) => {
    exhausted('tenant flooding');
    const refused = await ask('flooding');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect(await refused.json()).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 10_000 } }],
    });
    expect((await ask('quiet')).status).toBe(200);
  });

  it('over a socket count as well', async ({ expect }) => {
    const socket = await openSocket();
    socket.send({ type: 'connection_init', payload: { authorization: await bearer('flooding') } });
    await socket.next();
    exhausted('tenant flooding');
    socket.subscribe('a', '{ __typename }');
    expect(await socket.next()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] });
    socket.socket.close(1000);
  });

  it('from IPv6 addresses of one /64 network share one rate', ({ expect }) => {
    const networks = ['203.0.113.7', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9', ''].map(networkOf);
    expect(networks).toEqual(['203.0.113.7', '2001:db8:1:2', '2001:db8:1:2', '']);
  });

  it.for([
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:0:0:1::', '2001:db8:0:0'],
    ['2001:0:0:1::5', '2001:0:0:1'],
    ['2001::1:a:b:c:d', '2001:0:0:1'],
    ['2001::2:a:b:c:d', '2001:0:0:2'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2'],
    ['1:2:3:4:5:6:7::', '1:2:3:4'],
  ] as const)('from %s count for %s, however the address is written', ([address, network], { expect }) => {
    expect(networkOf(address)).toBe(network);
  });

  it('for sockets above the rate of their address are answered 429', async ({ expect }) => {
    exhausted('address ');
    const response = await upgrade('graphql-transport-ws');
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '10']);
  });
});
