import { describe, it, vi } from 'vitest';
import { createCallbackTokens } from '../../src/auth/signed-token.ts';
import { CALLBACK_BYTES_MAX, handleCallback } from '../../src/http/callback.ts';
import { callbackDeps, createTrace, postCallback, SUBJECT, V1_BODY } from '../support/callbacks.ts';
import newerBody from '../fixtures/kling/callback-newer.json?raw';
import v1Body from '../fixtures/kling/callback-v1.json?raw';

/** Changes the first character. */
function flip(text: string): string {
  return `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
}

/** Creates a request with a streamed body. Node needs `duplex` for it, and workerd ignores it. */
function streamed(body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}): Request {
  const init = { method: 'POST', body, headers, duplex: 'half' };
  return new Request('https://gateway.test/', init);
}

function requestOf(init: RequestInit): Request {
  return new Request('https://gateway.test/', init);
}

describe('a callback with a valid token', () => {
  it('is stored before it is acknowledged', async ({ expect }) => {
    let stored = false;
    const deps = callbackDeps({
      async ingest() {
        await Promise.resolve();
        stored = true;
        return 0;
      },
    });
    const response = await postCallback(deps, V1_BODY);
    expect([response.status, stored]).toEqual([204, true]);
  });

  it('reaches the ledger with the task of its token and the content of its body', async ({ expect }) => {
    const deps = callbackDeps();
    await postCallback(deps, v1Body);
    expect(deps.ingest).toHaveBeenCalledExactlyOnceWith(
      SUBJECT,
      expect.objectContaining({ shape: 'V1', klingTaskId: expect.any(String), status: expect.any(String) }),
    );
  });

  it('has its tenant and task in the log line, also if its body is refused', async ({ expect }) => {
    const deps = callbackDeps();
    for (const body of [V1_BODY, '[]']) {
      const trace = createTrace();
      const token = await deps.tokens.mint(SUBJECT);
      await handleCallback(requestOf({ method: 'POST', body }), token, trace, deps);
      expect(trace.notes).toEqual(SUBJECT);
    }
    const trace = createTrace();
    await handleCallback(requestOf({ method: 'POST', body: V1_BODY }), 'forged.token', trace, deps);
    expect(trace.notes).toEqual({});
  });

  it('is accepted in the newer shape of the body', async ({ expect }) => {
    const deps = callbackDeps();
    expect((await postCallback(deps, newerBody)).status).toBe(204);
    expect(deps.ingest).toHaveBeenCalledExactlyOnceWith(SUBJECT, expect.objectContaining({ shape: 'NEWER' }));
  });

  it('keeps all digits of an unquoted id of 18 digits', async ({ expect }) => {
    const deps = callbackDeps();
    await postCallback(deps, '{"task_id":850508686686064678,"task_status":"processing"}');
    expect(deps.ingest).toHaveBeenCalledWith(SUBJECT, expect.objectContaining({ klingTaskId: '850508686686064678' }));
  });

  it.for(['{}', '{"hello":1}', '{"task_status":"succeed"}', '{"task_id":null}'])(
    'reaches the ledger without a hint if its body names no task: %s',
    async (body, { expect }) => {
      const deps = callbackDeps();
      expect((await postCallback(deps, body)).status).toBe(204);
      expect(deps.ingest).toHaveBeenCalledExactlyOnceWith(SUBJECT, null);
    },
  );

  it('gets 503 with Retry-After if it cannot be stored, and its token is not logged', async ({ expect }) => {
    const deps = callbackDeps({ ingest: () => Promise.reject(new Error('storage is down')) });
    const response = await postCallback(deps, V1_BODY);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(JSON.stringify(vi.mocked(deps.log).mock.calls)).not.toContain(await deps.tokens.mint(SUBJECT));
  });
});

describe('the callback route, before it stores anything,', () => {
  it.for(['GET', 'PUT', 'HEAD', 'DELETE', 'OPTIONS'])(
    'refuses %s with 405 and allow: POST',
    async (method, { expect }) => {
      const deps = callbackDeps();
      const request = new Request('https://gateway.test/callbacks/x', { method });
      const response = await handleCallback(request, await deps.tokens.mint(SUBJECT), createTrace(), deps);
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
      expect(deps.ingest).not.toHaveBeenCalled();
    },
  );

  it.for(['', 'not json', '[]', '"text"', 'null', '1', '{"task_id":', '['.repeat(5000)])(
    'refuses a body that is not a JSON object with 400: %#',
    async (body, { expect }) => {
      const deps = callbackDeps();
      expect((await postCallback(deps, body)).status).toBe(400);
      expect(deps.ingest).not.toHaveBeenCalled();
    },
  );

  it('refuses a content-length above the limit with 413, without reading the body', async ({ expect }) => {
    const deps = callbackDeps();
    let pulled = 0;
    const body = new ReadableStream({ pull: () => void (pulled += 1) }, { highWaterMark: 0 });
    const headers = { 'content-length': String(CALLBACK_BYTES_MAX + 1) };
    const request = streamed(body, headers);
    expect((await handleCallback(request, await deps.tokens.mint(SUBJECT), createTrace(), deps)).status).toBe(413);
    expect(pulled).toBe(0);
  });

  it('refuses a chunked body with 413 when it exceeds the limit', async ({ expect }) => {
    const deps = callbackDeps();
    let sent = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          sent += 16_384;
          controller.enqueue(new Uint8Array(16_384).fill(32));
          if (sent > 100 * 16_384) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const request = streamed(body);
    expect((await handleCallback(request, await deps.tokens.mint(SUBJECT), createTrace(), deps)).status).toBe(413);
    expect(sent).toBeLessThanOrEqual(CALLBACK_BYTES_MAX + 2 * 16_384);
    expect(deps.ingest).not.toHaveBeenCalled();
  });

  it('accepts a body of exactly the limit', async ({ expect }) => {
    const deps = callbackDeps();
    const body = V1_BODY.padEnd(CALLBACK_BYTES_MAX, ' ');
    expect((await postCallback(deps, body, { 'content-length': String(CALLBACK_BYTES_MAX) })).status).toBe(204);
    expect((await postCallback(deps, body)).status).toBe(204);
    expect((await postCallback(deps, `${body} `)).status).toBe(413);
  });
});

describe('the response to a callback', () => {
  it.for<[status: number, text: string, request: () => Request, token: string | null]>([
    [405, 'Only POST is allowed.', () => requestOf({ method: 'GET' }), null],
    [413, 'A callback has at most 65536 bytes.', () => requestOf({ method: 'POST', body: ' '.repeat(65_537) }), null],
    [403, 'This is not a callback URL of this gateway.', () => requestOf({ method: 'POST', body: V1_BODY }), 'guessed'],
    [400, 'The body is not a JSON object.', () => requestOf({ method: 'POST', body: '[]' }), null],
  ])('with status %i says why, as plain text: %s', async ([status, text, request, token], { expect }) => {
    const deps = callbackDeps();
    const response = await handleCallback(request(), token ?? (await deps.tokens.mint(SUBJECT)), createTrace(), deps);
    expect([response.status, await response.text()]).toEqual([status, `${text}\n`]);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  it('with status 503 asks Kling to send it again, and the log has the task and the cause', async ({ expect }) => {
    const deps = callbackDeps({ ingest: () => Promise.reject(new Error('storage is down')) });
    const response = await postCallback(deps, V1_BODY);
    expect(await response.text()).toBe('The callback could not be stored; send it again.\n');
    expect(vi.mocked(deps.log).mock.calls).toEqual([
      [
        {
          level: 'error',
          message: 'callback not stored',
          requestId: createTrace().requestId,
          ...SUBJECT,
          cause: 'Error: storage is down',
        },
      ],
    ]);
  });

  it.for([
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
    [60_000, '60'],
  ] as const)('with status 429 turns a wait of %i ms into retry-after: %s', async ([ms, seconds], { expect }) => {
    const deps = callbackDeps({ ingest: async () => ms });
    const response = await postCallback(deps, V1_BODY);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, seconds]);
    expect(await response.text()).toBe('Too many callbacks; send it again later.\n');
    expect(deps.log).not.toHaveBeenCalled();
  });

  it('has status 408 if the body does not arrive in 10 s', async ({ expect }) => {
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
    const deps = callbackDeps();
    const response = await handleCallback(
      streamed(new ReadableStream()),
      await deps.tokens.mint(SUBJECT),
      createTrace(),
      deps,
    );
    expect(timeout.mock.calls).toEqual([[10_000]]);
    expect([response.status, await response.text()]).toEqual([408, 'The body did not arrive in time.\n']);
    expect(deps.ingest).not.toHaveBeenCalled();
    timeout.mockRestore();
  });
});

describe('a callback with a forged token', () => {
  const forgeries: Record<string, (token: string) => string | Promise<string>> = {
    'an empty token': () => '',
    'a tampered payload': (token) => flip(token),
    'a tampered proof': (token) => token.replace(/\.(.*)$/, (_, mac: string) => `.${flip(mac)}`),
    'another secret': () => createCallbackTokens(['another-secret-of-thirty-two-bytes-00']).mint(SUBJECT),
    'a huge token': (token) => token + 'A'.repeat(100_000),
    'no base64': (token) => `${token.split('.')[0]}.§§§`,
    'a truncated proof': (token) => token.slice(0, -1),
    'a missing proof': (token) => `${token.split('.')[0]}.`,
    'no separator': (token) => token.split('.')[0] ?? '',
    'a third part': (token) => `${token}.A`,
    'an escaped dot': (token) => token.replace('.', '%2E'),
  };

  it.for(Object.entries(forgeries))('is refused with 403: %s', async ([, forge], { expect }) => {
    const deps = callbackDeps();
    const forged = await forge(await deps.tokens.mint(SUBJECT));
    const response = await postCallback(deps, V1_BODY, {}, forged);
    expect(response.status).toBe(403);
    expect(deps.ingest).not.toHaveBeenCalled();
  });
});
