import { vi } from 'vitest';
import { createCallbackTokens } from '../../src/auth/signed-token.ts';
import { handleCallback, type CallbackDeps } from '../../src/http/callback.ts';
import type { RequestTrace } from '../../src/http/log.ts';

export const SUBJECT = { tenant: 'tenant-a', taskId: '0331476d-64c0-4d5e-bb5b-c58a87190555' };
export const V1_BODY = '{"task_id":"kling-1","task_status":"processing"}';

export function createTrace(): RequestTrace {
  return { requestId: 'request-of-a-callback', notes: {} };
}

export function callbackDeps(change: Partial<CallbackDeps> = {}): CallbackDeps {
  return {
    tokens: createCallbackTokens(['callback-secret-of-these-tests-0123456789']),
    webhookSecrets: [],
    ingest: vi.fn<CallbackDeps['ingest']>(async () => 0),
    log: vi.fn<CallbackDeps['log']>(),
    ...change,
  };
}

/** Sends a callback as Kling does, with the token of `SUBJECT`'s task unless another is given. */
export async function postCallback(
  deps: CallbackDeps,
  body: string,
  headers: Record<string, string> = {},
  token?: string,
): Promise<Response> {
  const request = new Request('https://gateway.test/callbacks/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body,
  });
  return handleCallback(request, token ?? (await deps.tokens.mint(SUBJECT)), createTrace(), deps);
}
