import { authenticate } from './auth.ts';
import { control } from './control.ts';
import { toErrorAnswer, type Answer, type Held } from './envelope.ts';
import { serveFile } from './media/files.ts';
import { readSource } from './media/source.ts';

export { SandboxAccount } from './account.ts';
export { SandboxFiles } from './media/files.ts';

/** Simulates Kling's REST API. The Worker serves files and control endpoints. The caller's account answers everything else. */
export default {
  async fetch(request, env, ctx): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.startsWith('/files/')) {
      const isDeleted = async (path: string): Promise<boolean> =>
        await env.SANDBOX_FILES.getByName('all').isDeleted(path);
      return await serveFile(request, url, Date.now(), isDeleted);
    }
    if (url.pathname.startsWith('/sandbox/')) return await control(request, url, env);
    const answer = await callKling(request, url, env);
    if (answer.held !== undefined) return hold(answer.held, env, ctx);
    if (answer.delayMs > 0) await scheduler.wait(answer.delayMs);
    return new Response(answer.body, {
      status: answer.httpStatus,
      headers: { 'content-type': answer.contentType },
    });
  },
} satisfies ExportedHandler<SandboxEnv>;

/** Holds the connection open, and tells the account when it has ended. */
function hold({ account, requestId, forMs }: Held, env: SandboxEnv, ctx: ExecutionContext): Response {
  const { response, ended } = holdConnection(forMs);
  ctx.waitUntil(ended.then(() => env.SANDBOX_ACCOUNT.getByName(account).connectionEnded(requestId)));
  return response;
}

async function callKling(request: Request, url: URL, env: SandboxEnv): Promise<Answer> {
  const caller = await authenticate(request.headers.get('authorization'), new Date());
  const { failure } = caller;
  if (caller.account === null) {
    const { code, message } = failure ?? { code: 1000 as const, message: '' };
    return toErrorAnswer(crypto.randomUUID(), code, message);
  }
  const body = await request.text();
  const isRead = failure === null && request.method === 'POST';
  return await env.SANDBOX_ACCOUNT.getByName(caller.account).exchange({
    method: request.method,
    origin: url.origin,
    path: url.pathname,
    search: url.search,
    body,
    credential: caller.credential,
    source: isRead ? await readSource(url, body, env.SANDBOX_FETCHES_MEDIA === 'on') : null,
    refusal: failure === null ? null : { code: failure.code, message: failure.message },
  });
}

/** The interval of writes. A Worker notices that its client has gone only when it writes. */
const blankMs = 50;
const blank = new TextEncoder().encode(' ');

/**
 * Answers nothing but blanks for `forMs`, then breaks the connection. `ended` resolves when either side has ended the
 * connection.
 */
function holdConnection(forMs: number): { response: Response; ended: Promise<void> } {
  const { readable, writable } = new IdentityTransformStream();
  const ended = writeBlanks(writable.getWriter(), Date.now() + forMs);
  return {
    response: new Response(readable, { headers: { 'content-type': 'application/json; charset=utf-8' } }),
    ended,
  };
}

async function writeBlanks(writer: WritableStreamDefaultWriter<Uint8Array>, untilMs: number): Promise<void> {
  try {
    while (Date.now() < untilMs) {
      await writer.write(blank);
      await scheduler.wait(blankMs);
    }
    await writer.abort(new Error('the sandbox breaks this connection'));
  } catch {
    // The client has gone.
  }
}
