import { Webhook } from 'standardwebhooks';
import { afterEach, describe, it, vi } from 'vitest';
import { callbackDeps, postCallback, V1_BODY } from '../support/callbacks.ts';

/** The test vector of Kling's page about callbacks: https://klingai.com/document-api/api/get-started/callbacks (2026-09). */
const VECTOR = {
  secret: 'whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=',
  id: '9876543210',
  timestamp: 1_781_080_794,
  body: '{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}',
  signature: 'v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=',
};
const OTHER_SECRET = 'whsec_b3RoZXJzZWNyZXRvdGhlcnNlY3JldG90aGVyc2VjMTI=';
const THIRD_SECRET = 'whsec_dGhpcmRzZWNyZXR0aGlyZHNlY3JldHRoaXJkc2VjMTI=';

const VECTOR_HEADERS = {
  'webhook-id': VECTOR.id,
  'webhook-timestamp': String(VECTOR.timestamp),
  'webhook-signature': VECTOR.signature,
};

function setClock(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: seconds * 1000 });
}

/** Signs a body as Kling does, with one signature for each secret. */
function signed(body: string, secrets: readonly string[], at = VECTOR.timestamp): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign('msg-1', new Date(at * 1000), body));
  return { 'webhook-id': 'msg-1', 'webhook-timestamp': String(at), 'webhook-signature': signatures.join(' ') };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a signed callback', () => {
  it('with the test vector of Kling’s page is accepted', async ({ expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, VECTOR.body, VECTOR_HEADERS)).status).toBe(204);
  });

  it.for([
    { skewS: -299, status: 204 },
    { skewS: 299, status: 204 },
    { skewS: -301, status: 403 },
    { skewS: 301, status: 403 },
  ])('that is replayed with a clock $skewS s off is answered $status', async ({ skewS, status }, { expect }) => {
    setClock(VECTOR.timestamp + skewS);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, VECTOR.body, VECTOR_HEADERS)).status).toBe(status);
  });

  it.for([
    ['no signature headers', {}],
    ['no id', { ...VECTOR_HEADERS, 'webhook-id': '' }],
    ['another id', { ...VECTOR_HEADERS, 'webhook-id': '9876543211' }],
    ['another timestamp', { ...VECTOR_HEADERS, 'webhook-timestamp': String(VECTOR.timestamp + 1) }],
    ['a timestamp that is not a number', { ...VECTOR_HEADERS, 'webhook-timestamp': 'now' }],
    ['a wrong signature', { ...VECTOR_HEADERS, 'webhook-signature': VECTOR.signature.replace('UsKl', 'UsKm') }],
    ['a truncated signature', { ...VECTOR_HEADERS, 'webhook-signature': VECTOR.signature.slice(0, -6) }],
    [
      'a signature of another version',
      { ...VECTOR_HEADERS, 'webhook-signature': VECTOR.signature.replace('v1', 'v2') },
    ],
    ['an empty signature', { ...VECTOR_HEADERS, 'webhook-signature': 'v1,' }],
    ['a signature with another secret', signed(VECTOR.body, [OTHER_SECRET])],
  ] as const)('with %s is refused', async ([, headers], { expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, VECTOR.body, headers)).status).toBe(403);
    expect(deps.ingest).not.toHaveBeenCalled();
  });

  it('with a valid signature of another body is refused, even if only a space differs', async ({ expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, `${VECTOR.body} `, VECTOR_HEADERS)).status).toBe(403);
  });

  it('without a signature gets a message that says so', async ({ expect }) => {
    const response = await postCallback(callbackDeps({ webhookSecrets: [VECTOR.secret] }), VECTOR.body);
    expect(await response.text()).toBe('The signature is missing or not valid.\n');
  });

  it('is verified before its body is parsed: signed text that is not JSON is 400, unsigned is 403', async ({
    expect,
  }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, 'no json', signed('no json', [VECTOR.secret]))).status).toBe(400);
    expect((await postCallback(deps, 'no json', VECTOR_HEADERS)).status).toBe(403);
  });

  it('fails as a fault of the gateway when the gateway’s own secret is empty', async ({ expect }) => {
    const deps = callbackDeps({ webhookSecrets: [''] });
    await expect(postCallback(deps, VECTOR.body, VECTOR_HEADERS)).rejects.toThrow(/secret/i);
  });

  it('with a valid signature but a guessed token in its address is refused', async ({ expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, VECTOR.body, VECTOR_HEADERS, 'guessed.token')).status).toBe(403);
  });
});

describe('a callback while a secret is being replaced', () => {
  it.for([
    { sender: 'the old secret', secrets: [VECTOR.secret], status: 204 },
    { sender: 'the new secret', secrets: [OTHER_SECRET], status: 204 },
    { sender: 'both secrets', secrets: [OTHER_SECRET, VECTOR.secret], status: 204 },
    { sender: 'an unknown secret', secrets: [THIRD_SECRET], status: 403 },
  ])('signed with $sender is answered $status', async ({ secrets, status }, { expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret, OTHER_SECRET] });
    expect((await postCallback(deps, V1_BODY, signed(V1_BODY, secrets))).status).toBe(status);
  });

  it('with two signatures is accepted if either is valid, by a gateway that knows one secret', async ({ expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    for (const secrets of [
      [VECTOR.secret, OTHER_SECRET],
      [OTHER_SECRET, VECTOR.secret],
    ]) {
      expect((await postCallback(deps, V1_BODY, signed(V1_BODY, secrets))).status).toBe(204);
    }
  });
});

it('a gateway without webhook secrets requires no signature, and ignores one that is sent', async ({ expect }) => {
  const deps = callbackDeps();
  expect((await postCallback(deps, V1_BODY, { 'webhook-signature': 'v1,nonsense' })).status).toBe(204);
});
