import type { ConfigProblem } from '../config/checks.ts';
import type { ConfigResult } from '../config/index.ts';
import { failureResponse } from './respond.ts';

/** `/health`: whether the Worker runs at all. Needs no setting and asks nobody. */
export async function answerHealth(request: Request): Promise<Response> {
  return statusResponse(request, 200, { status: 'ok' });
}

/**
 * `/ready`: whether the gateway can do its work, and which settings stand in the way. Shows no value of any.
 * `upstream`: how Kling was last seen, null if the account's object did not answer; undefined leaves it out, since it
 * is for operators only. While Kling is down the gateway still serves what is stored, and is ready.
 */
export async function answerReady(request: Request, config: ConfigResult, upstream?: object | null): Promise<Response> {
  return config.ok
    ? statusResponse(request, 200, { status: 'ready', problems: [], ...(upstream !== undefined && { upstream }) })
    : statusResponse(request, 503, { status: 'misconfigured', problems: config.problems });
}

/** The answer to every GraphQL request while settings are wrong: it names them, and no more. */
export function misconfiguredResponse(problems: readonly ConfigProblem[], requestId: string): Response {
  const names = [...new Set(problems.map(({ setting }) => setting))].join(', ');
  return failureResponse(
    {
      code: 'UPSTREAM_MISCONFIGURED',
      message: `The gateway is not configured: ${names}. See /ready.`,
      retryable: false,
    },
    { requestId },
  );
}

function statusResponse(request: Request, status: number, body: object): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } });
  }
  const response = Response.json(body, { status });
  return request.method === 'HEAD' ? new Response(null, response) : response;
}
