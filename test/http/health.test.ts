import { exports } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { answerHealth, answerMisconfigured, answerReady } from '../../src/http/app.ts';
import { DEVELOPMENT } from '../support/environments.ts';
import { bearer } from '../support/token.ts';

const get = (method = 'GET') => new Request('https://gateway.test/x', { method });
const broken = readConfig({ KLING_SECRET_KEY: 's3cret', KLING_BASE_URL: 'http://s3cret.test' });
const whole = readConfig(DEVELOPMENT);

async function ready(authorization: string | null): Promise<unknown> {
  const headers = authorization === null ? {} : { authorization };
  return (await exports.default.fetch('https://gateway.test/ready', { headers })).json();
}

describe('/health', () => {
  it('needs no setting', async ({ expect }) => {
    const response = answerHealth(get());
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('answers HEAD without a body, and refuses other methods than GET and HEAD', async ({ expect }) => {
    const head = answerHealth(get('HEAD'));
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = answerHealth(get('POST'));
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('/ready', () => {
  it('is ready if all settings are valid', async ({ expect }) => {
    const response = answerReady(get(), whole);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ready', problems: [] }]);
  });

  it('shows the state of the Kling account only to operators', async ({ expect }) => {
    const upstream = { breaker: 'CLOSED', slotsHeld: 0, slotsMax: 1000, waiting: 0 };
    expect(await ready(await bearer('op', { scope: 'operator' }))).toEqual({ status: 'ready', problems: [], upstream });
    for (const other of [null, 'Bearer forged', await bearer('tenant-a', { scope: 'lipsync:read' })]) {
      expect(await ready(other)).toEqual({ status: 'ready', problems: [] });
    }
  });

  it('lists the settings with problems, without their values', async ({ expect }) => {
    const response = answerReady(get(), broken);
    const text = await response.text();
    expect(response.status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({
      status: 'misconfigured',
      problems: expect.arrayContaining([
        { setting: 'KLING_ACCESS_KEY', message: expect.stringContaining('wrangler secret put') },
      ]),
    });
    expect(text).not.toContain('s3cret');
  });
});

it('a GraphQL request to a misconfigured gateway gets the names of the settings', async ({ expect }) => {
  const response = answerMisconfigured(broken.ok ? [] : broken.problems, 'request-1');
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    errors: [
      {
        message:
          'The gateway is not configured: KLING_ACCESS_KEY, PUBLIC_URL, CALLBACK_SECRET, KLING_BASE_URL, AUTH_ISSUER, AUTH_AUDIENCE, AUTH_JWKS_URL, TASK_LEDGER, KLING_ACCOUNT, HUB, ISSUER_KEYS, UPLOAD, WEBHOOK, REQUEST_RATE. See /ready.',
        extensions: { code: 'UPSTREAM_MISCONFIGURED', retryable: false, requestId: 'request-1' },
      },
    ],
  });
});
