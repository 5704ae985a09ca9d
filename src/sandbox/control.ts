import type { HandStatus } from './account.ts';
import { isAccountKey } from './auth.ts';
import { decodeSegment } from './routes.ts';
import { isRecord, parseSettingsChange } from './settings.ts';

/** Answers the control endpoints under `/sandbox/`, which Kling does not have. They need no credentials: the sandbox is a local tool. */
export async function control(request: Request, url: URL, env: SandboxEnv): Promise<Response> {
  if (request.method === 'DELETE' && url.pathname.startsWith('/sandbox/files/')) {
    await env.SANDBOX_FILES.getByName('all').delete(url.pathname.slice('/sandbox'.length));
    return new Response(null, { status: 204 });
  }
  const [first, key = '', action = '', taskId = '', verb = '', ...more] = url.pathname
    .slice('/sandbox/'.length)
    .split('/')
    .map((segment) => decodeSegment(segment));
  if (first === 'health' && key === '') return Response.json({ status: 'ok' });
  if (first !== 'accounts' || key === '' || more.length > 0) return problem(404, 'no such control endpoint');
  if (!isAccountKey(key)) return problem(404, `no such account: ${key}`);
  const account = env.SANDBOX_ACCOUNT.getByName(key);
  switch (`${request.method} ${action}${taskId === '' ? '' : '/:id'}${verb === '' ? '' : `/${verb}`}`) {
    case 'GET record':
      return Response.json(await account.record());
    case 'PUT settings': {
      const parsed = parseSettingsChange(await readJson(request));
      if ('problems' in parsed) return Response.json({ problems: parsed.problems }, { status: 400 });
      return Response.json(await account.configure(parsed.change));
    }
    case 'POST tasks/:id/advance': {
      const wanted = parseAdvance(await readJson(request));
      if (wanted === null) return problem(400, 'status must be processing, succeed or failed; message a text');
      const result = await account.advanceTask(taskId, wanted.status, wanted.message);
      if ('status' in result) return Response.json(result);
      return problem(result.problem === 'unknown task' ? 404 : 409, result.problem);
    }
    case 'DELETE ':
      await account.wipe();
      return new Response(null, { status: 204 });
    default:
      return problem(404, 'no such control endpoint');
  }
}

function parseAdvance(input: unknown): { readonly status: HandStatus; readonly message: string } | null {
  if (!isRecord(input)) return null;
  const { status, message = status === 'failed' ? 'Internal error' : '' } = input;
  if (status !== 'processing' && status !== 'succeed' && status !== 'failed') return null;
  return typeof message === 'string' ? { status, message } : null;
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    return null;
  }
}

function problem(status: number, text: string): Response {
  return Response.json({ problems: [text] }, { status });
}
