import { requestError } from '../graphql/request-error.ts';
import { jsonDepth } from '../graphql/nesting.ts';
import { readBody } from './read-body.ts';

/** A GraphQL request as the GraphQL-over-HTTP specification has it. */
export interface GraphqlParams {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
}

/** No input of the schema is deeper than 3; what reads variables recurses. */
const JSON_DEPTH_MAX = 100;

/**
 * The parameters of a request. GET carries them in the URL, POST in JSON and nothing else: a form can be sent by any
 * site without asking. Keys that the specification does not know are dropped, as it demands. Throws request errors only.
 */
export async function readParams(request: Request, bodyBytesMax: number): Promise<GraphqlParams> {
  const mediaType = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? null;
  if (request.method === 'GET') {
    if (mediaType !== null && mediaType !== 'application/json')
      throw unsupported('A GET has no content: leave the content-type out.');
    return toParams(fromUrl(request.url));
  }
  if (request.method !== 'POST') {
    throw requestError('BAD_USER_INPUT', 'Only GET and POST are supported.', 405, { Allow: 'GET, POST' });
  }
  if (mediaType !== 'application/json') throw unsupported('The content-type must be application/json.');
  const charset = /;\s*charset\s*=\s*"?([^";]*)/i.exec(request.headers.get('content-type') ?? '')?.[1]?.trim();
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') throw unsupported('The charset must be utf-8.');
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') throw unsupported('The content must not be encoded.');
  return toParams(parseJson(await readBody(request, bodyBytesMax), 'The body'));
}

function fromUrl(url: string): Record<string, unknown> {
  const { searchParams } = new URL(url);
  return {
    query: searchParams.get('query') ?? undefined,
    operationName: searchParams.get('operationName') ?? undefined,
    variables: fromUrlJson(searchParams, 'variables'),
    extensions: fromUrlJson(searchParams, 'extensions'),
  };
}

function fromUrlJson(searchParams: URLSearchParams, name: string): unknown {
  const text = searchParams.get(name);
  return text === null || text === '' ? undefined : parseJson(text, `"${name}"`);
}

function parseJson(text: string, what: string): unknown {
  if (jsonDepth(text, JSON_DEPTH_MAX) > JSON_DEPTH_MAX) {
    throw requestError('QUERY_TOO_COMPLEX', `${what} is nested deeper than ${JSON_DEPTH_MAX}.`, 400);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(`${what} must be JSON.`);
  }
}

function toParams(body: unknown): GraphqlParams {
  if (Array.isArray(body)) throw malformed('Batches are not supported: send one operation a request.');
  if (!isRecord(body)) throw malformed('The body must be a JSON object.');
  const { query, operationName, variables, extensions } = body;
  if (typeof query !== 'string' || query === '') throw malformed('"query" must be a text with a GraphQL document.');
  if (!isAbsent(operationName) && typeof operationName !== 'string') throw malformed('"operationName" must be a text.');
  if (!isAbsent(variables) && !isRecord(variables)) throw malformed('"variables" must be an object.');
  if (!isAbsent(extensions) && !isRecord(extensions)) throw malformed('"extensions" must be an object.');
  return {
    query,
    ...(typeof operationName === 'string' && operationName !== '' && { operationName }),
    ...(isRecord(variables) && { variables }),
    ...(isRecord(extensions) && { extensions }),
  };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(message: string) {
  return requestError('BAD_USER_INPUT', message, 400);
}

function unsupported(message: string) {
  return requestError('BAD_USER_INPUT', message, 415);
}
