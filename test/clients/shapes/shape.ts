/**
 * The requests of mobile libraries as data, because this project compiles no Kotlin, Swift or Dart. Each is taken from the
 * library's source code, which `source` names. In a text, `<task>` is the id of a task that has ended, `<token>` a valid
 * token and `<host>` the gateway's host. Versions and application names are examples. Headers that a platform's HTTP client
 * adds (`accept-encoding`, `user-agent`) are left out.
 */
export interface HttpShape {
  readonly name: string;
  /** Repository, file and commit. */
  readonly source: string;
  readonly method: 'GET' | 'POST';
  /** The headers in the source. The test adds the token if they have no token. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parameters of a GET, in their order. */
  readonly search?: Readonly<Record<string, string>>;
  /** The encoding of a blank in the parameters. The default is `%20`. */
  readonly blank?: '+';
  /** The body of a POST, printed as JSON with the keys in the library's order. */
  readonly body?: object;
  readonly answer: HttpAnswer;
}

/** The exact answer, with varying parts as `<requestId>`, `<task>` and `<cursor>`. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SocketShape {
  readonly name: string;
  readonly source: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocol: string;
  /** Whether messages are sent as bytes. */
  readonly binary?: true;
  /** The messages of the library, each with the messages that it receives before the next. */
  readonly turns: readonly (readonly [sent: string, told: readonly string[]])[];
  /** How the gateway then closes the socket. */
  readonly closed?: readonly [code: number, reason: string];
  /** The status and text of an answer instead of a socket. */
  readonly refused?: string;
}

/** The operations that all libraries send. */
export const VIEWER = 'query Viewer { viewer { tenant } }';
export const CREATE_VOICE =
  'mutation CreateVoice($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';
export const WRONG_INPUT = { input: { name: '', sample: { url: 'https://example.com/voice.mp3' } } };
export const ONE_TASK =
  'subscription TaskUpdates($id: ID!, $after: String) { taskUpdates(taskId: $id, after: $after) { cursor task { id status } } }';

const COMMON = { vary: 'Accept, Origin', 'x-content-type-options': 'nosniff' };

/** The answer to a client that accepts `application/graphql-response+json`. */
export function graphqlResponse(body: string, status = 200): HttpAnswer {
  const type = 'application/graphql-response+json; charset=utf-8';
  return { status, headers: { 'content-type': type, 'cache-control': 'private, no-store', ...COMMON }, body };
}

/** The answer to a client that accepts any type. */
export function json(body: string, status = 200): HttpAnswer {
  const type = 'application/json; charset=utf-8';
  return { status, headers: { 'content-type': type, 'cache-control': 'private, no-store', ...COMMON }, body };
}

/** Builds a stream with these parts after its first heartbeat. */
export function multipart(...parts: readonly string[]): HttpAnswer {
  const headers = {
    'content-type': 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
    'cache-control': 'private, no-store, no-transform',
    'content-encoding': 'identity',
    ...COMMON,
  };
  const body = ['{}', ...parts]
    .map((part) => `\r\nContent-Type: application/json\r\n\r\n${part}\r\n--graphql`)
    .join('');
  return { status: 200, headers, body: `\r\n--graphql${body}--\r\n` };
}

export const VIEWER_DATA = '{"data":{"viewer":{"tenant":"default"}}}';
export const ENDED = '{"data":{"taskUpdates":{"cursor":"<cursor>","task":{"id":"<task>","status":"SUCCEEDED"}}}}';

const NAME = 'must be 1 to 20 characters long and not blank';

/** The answer to a refused mutation. It has no errors, because the failure is data. */
export const REFUSED_VOICE = `{"data":{"createVoiceTask":{"code":"BAD_USER_INPUT","message":"input.name: ${NAME}"}}}`;
export const NO_TASK =
  '{"message":"There is no such task.","extensions":{"code":"NOT_FOUND","retryable":false,"requestId":"<requestId>"}}';

/** The error that makes all libraries send the text. */
export const NOT_FOUND_BY_HASH =
  '{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND","retryable":false,"requestId":"<requestId>"}}]}';
export const NO_OPERATION =
  '{"errors":[{"message":"Unknown operation named \\"null\\".","extensions":{"code":"BAD_USER_INPUT","retryable":false,"requestId":"<requestId>"}}]}';
export const BAD_TOKEN =
  '{"errors":[{"message":"The token is not valid.","extensions":{"code":"UNAUTHENTICATED","retryable":false,"requestId":"<requestId>"}}]}';
