import { describe, it } from 'vitest';
import { createToken, openAccount, send, type Reply } from './support.ts';

const seconds = Math.floor(Date.now() / 1000);
const iss = 'sandbox-access-key-auth';

describe('the sandbox refuses a caller', () => {
  const cases: readonly [string, () => Promise<string | null> | string | null, number, string | RegExp][] = [
    ['without a header', () => null, 1001, 'Authorization is empty'],
    ['with an empty header', () => '', 1001, 'Authorization is empty'],
    ['with another scheme', () => 'Basic abc', 1002, 'Authorization is invalid'],
    ['with a garbage key', () => 'Bearer garbage', 1002, 'The token was expected to have 3 parts, but got 0'],
    ['with half a token', () => 'Bearer a.b', 1002, 'The token was expected to have 3 parts, but got 2'],
    ['with three parts of garbage', () => 'Bearer a.b.c', 1002, 'access key not found'],
    ['with an unknown AccessKey', async () => `Bearer ${await createToken({ iss: 'nobody' })}`, 1002, /access key/],
    ['with another SecretKey', async () => `Bearer ${await createToken({ iss }, 'x'.repeat(32))}`, 1000, /failed/],
    [
      'with a token that is not valid yet',
      async () => `Bearer ${await createToken({ iss, nbf: seconds + 600 })}`,
      1003,
      /not yet/,
    ],
    ['with an expired token', async () => `Bearer ${await createToken({ iss, exp: seconds - 1 })}`, 1004, /expired/],
    ['with a token that never expires', async () => `Bearer ${await createToken({ iss, exp: null })}`, 1002, /invalid/],
  ];
  it.for(cases)('%s', async ([, header, code, message], { expect }) => {
    const authorization = await header();
    const response = await send('GET', '/v1/general/custom-voices', {
      headers: authorization === null ? {} : { authorization },
    });
    expect(response.status).toBe(401);
    const reply = await response.json<Reply>();
    expect(reply).toMatchObject({ code, message: expect.stringMatching(message), request_id: expect.any(String) });
    expect(reply).not.toHaveProperty('data');
  });
});

describe('credentials', () => {
  it('may be a token of any sandbox AccessKey, with or without nbf, and each key has its own account', async ({
    expect,
  }) => {
    const one = openAccount('auth-one', 'access');
    const other = openAccount('auth-other', 'access');
    expect(
      (await one.post('/v1/general/custom-voices', { voice_name: 'A', voice_url: 'https://e.com/a.mp3' })).code,
    ).toBe(0);
    expect((await one.get('/v1/general/custom-voices')).data).toHaveLength(1);
    expect((await other.get('/v1/general/custom-voices')).data).toHaveLength(0);
    const response = await send('GET', '/v1/general/custom-voices', {
      headers: { authorization: `Bearer ${await createToken({ iss, nbf: null })}` },
    });
    expect(response.status).toBe(200);
  });

  it('may be an API key on every path, and must be one on /tasks', async ({ expect }) => {
    expect((await openAccount('auth-api').get('/tasks?task_ids=none')).data).toEqual([]);
    expect(await openAccount('auth-jwt', 'access').get('/tasks?task_ids=none')).toMatchObject({
      httpStatus: 401,
      code: 1002,
    });
  });
});

describe('routing', () => {
  it.for([
    ['GET', '/v1/nothing', 404, 1203],
    ['GET', '/v1/general/custom-voices/', 404, 1203],
    ['PUT', '/v1/general/custom-voices', 404, 1202],
    ['GET', '/v1/general/delete-voices', 404, 1202],
    ['POST', '/v1/general/presets-voices', 404, 1202],
  ] as const)('%s %s answers %i and %i', async ([method, path, httpStatus, code], { expect }) => {
    const response = await openAccount('routing').raw(method, path);
    expect(response.status).toBe(httpStatus);
    expect(await response.json()).toMatchObject({ code });
  });

  it('refuses a body that is not a JSON object with 1200', async ({ expect }) => {
    for (const body of ['{', '[]', '"x"']) {
      expect(await openAccount('routing').post('/v1/audio/tts', body)).toMatchObject({ httpStatus: 400, code: 1200 });
    }
  });
});
