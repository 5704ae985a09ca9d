import { Webhook } from 'standardwebhooks';
import { afterEach, describe, it, vi } from 'vitest';
import { callbackDeps, postCallback, V1_BODY } from '../support/callbacks.ts';

/** contract.md, "Callbacks": recomputed there, it holds. */
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

/** Headers as Kling sends them; one signature for each secret. */
function signed(body: string, secrets: readonly string[], at = VECTOR.timestamp): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign('msg-1', new Date(at * 1000), body));
  return { 'webhook-id': 'msg-1', 'webhook-timestamp': String(at), 'webhook-signature': signatures.join(' ') };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('an account that signs', () => {
  it('has the vector of Kling’s page accepted', async ({ expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, VECTOR.body, VECTOR_HEADERS)).status).toBe(204);
  });

  it.for([
    { skewS: -299, status: 204 },
    { skewS: 299, status: 204 },
    { skewS: -301, status: 403 },
    { skewS: 301, status: 403 },
  ])('with a clock $skewS s off: $status', async ({ skewS, status }, { expect }) => {
    setClock(VECTOR.timestamp + skewS);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, VECTOR.body, VECTOR_HEADERS)).status).toBe(status);
  });

  it.for([
    ['no signature at all', {}],
    ['no id', { ...VECTOR_HEADERS, 'webhook-id': '' }],
    ['another id', { ...VECTOR_HEADERS, 'webhook-id': '9876543211' }],
    ['another time', { ...VECTOR_HEADERS, 'webhook-timestamp': String(VECTOR.timestamp + 1) }],
    ['a time that is none', { ...VECTOR_HEADERS, 'webhook-timestamp': 'now' }],
    ['a wrong signature', { ...VECTOR_HEADERS, 'webhook-signature': VECTOR.signature.replace('UsKl', 'UsKm') }],
    ['a truncated signature', { ...VECTOR_HEADERS, 'webhook-signature': VECTOR.signature.slice(0, -6) }],
    [
      'a signature of another version',
      { ...VECTOR_HEADERS, 'webhook-signature': VECTOR.signature.replace('v1', 'v2') },
    ],
    ['an empty signature', { ...VECTOR_HEADERS, 'webhook-signature': 'v1,' }],
    ['a signature with another secret', signed(VECTOR.body, [OTHER_SECRET])],
  ] as const)('refuses %s', async ([, headers], { expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, VECTOR.body, headers)).status).toBe(403);
    expect(deps.ingest).not.toHaveBeenCalled();
  });

  it('refuses a right signature over another body, were it only a blank', async ({ expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, `${VECTOR.body} `, VECTOR_HEADERS)).status).toBe(403);
  });

  it('says what is wrong', async ({ expect }) => {
    const response = await postCallback(callbackDeps({ webhookSecrets: [VECTOR.secret] }), VECTOR.body);
    expect(await response.text()).toBe('The signature is missing or not valid.\n');
  });

  it('is judged before its body: what is signed and no JSON is 400', async ({ expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, 'no json', signed('no json', [VECTOR.secret]))).status).toBe(400);
    expect((await postCallback(deps, 'no json', VECTOR_HEADERS)).status).toBe(403);
  });

  it('is not told that its signature is wrong when the gateway’s own secret is none', async ({ expect }) => {
    const deps = callbackDeps({ webhookSecrets: [''] });
    await expect(postCallback(deps, VECTOR.body, VECTOR_HEADERS)).rejects.toThrow(/secret/i);
  });

  it('does not accept a signature in the place of the address', async ({ expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret] });
    expect((await postCallback(deps, VECTOR.body, VECTOR_HEADERS, 'guessed.token')).status).toBe(403);
  });
});

describe('while a secret is being replaced', () => {
  it.for([
    { sender: 'the old one', secrets: [VECTOR.secret], status: 204 },
    { sender: 'the new one', secrets: [OTHER_SECRET], status: 204 },
    { sender: 'both', secrets: [OTHER_SECRET, VECTOR.secret], status: 204 },
    { sender: 'a stranger’s', secrets: [THIRD_SECRET], status: 403 },
  ])('$sender: $status', async ({ secrets, status }, { expect }) => {
    setClock(VECTOR.timestamp);
    const deps = callbackDeps({ webhookSecrets: [VECTOR.secret, OTHER_SECRET] });
    expect((await postCallback(deps, V1_BODY, signed(V1_BODY, secrets))).status).toBe(status);
  });

  it('one right signature of two is enough, in either place, for a gateway that knows one secret', async ({
    expect,
  }) => {
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

it('an account that does not sign is not asked for a signature, and a stray one is not looked at', async ({
  expect,
}) => {
  const deps = callbackDeps();
  expect((await postCallback(deps, V1_BODY, { 'webhook-signature': 'v1,nonsense' })).status).toBe(204);
});
