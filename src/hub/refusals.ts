import { type Failure, GatewayError } from '../errors.ts';
import { codesOf, toExtensions } from '../graphql/errors.ts';
import { logBug, type Log } from '../lib/log.ts';
import { readOwnJson } from '../lib/own-json.ts';
import type { Asker, Refused } from './operations.ts';
import type { Work } from './work.ts';

/** One `subscribe` of a client. */
export interface Asked extends Asker {
  readonly socket: WebSocket;
  readonly id: string;
}

/** Answers an operation that cannot begin: with one `error`, after which its id is free. */
export interface Refusals {
  /** The errors carry the request id already. Writes a line to the log, as `failure` does. */
  errors(asked: Asked, errors: Refused['errors']): void;
  failure(asked: Asked, failure: Failure): void;
  /** A `GatewayError` is shown as its failure. Anything else is a bug: it is logged, and the client gets its id alone. */
  thrown(asked: Asked, error: unknown): void;
  /** As `errors`, for an answer of the Worker, which has logged it. */
  answered(asked: Asked, errors: Refused['errors']): void;
}

export interface RefusalsDeps {
  readonly work: Pick<Work, 'failed'>;
  readonly say: (socket: WebSocket, message: string) => void;
  readonly log: Log;
}

const INTERNAL: Failure = { code: 'INTERNAL', message: 'Internal error', retryable: true };

export function createRefusals({ work, say, log }: RefusalsDeps): Refusals {
  function answered({ socket, id }: Asked, errors: Refused['errors']): void {
    work.failed(socket);
    say(socket, JSON.stringify({ id, type: 'error', payload: errors }));
  }

  function refuse(asked: Asked, errors: Refused['errors']): void {
    const { requestId, tenant } = asked;
    log({ level: 'info', message: 'operation refused', requestId, tenant, errorCodes: codesOf(errors) });
    answered(asked, errors);
  }

  function failure(asked: Asked, failed: Failure): void {
    const extensions = { ...toExtensions(failed), requestId: asked.requestId };
    refuse(asked, [{ message: failed.message, extensions }]);
  }

  return {
    errors: refuse,
    failure,
    answered,
    thrown(asked, error) {
      if (error instanceof GatewayError) return failure(asked, error.failure);
      logBug(log, asked.requestId, error, asked.tenant);
      failure(asked, INTERNAL);
    },
  };
}

/** Returns the errors of an answer without `data`: nothing was executed. Returns null for the result of an operation. */
export function requestErrorsOf(answer: string): Refused['errors'] | null {
  if (answer.startsWith('{"data":')) return null;
  const result = readOwnJson<{ readonly data?: unknown; readonly errors?: Refused['errors'] }>(answer);
  return 'data' in result ? null : (result.errors ?? null);
}
