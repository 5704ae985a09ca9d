import { connect } from 'node:net';
import { type Caller, toGraphqlRequest } from './http-pool.ts';

/** A subscription over SSE. */
export interface StreamClient {
  close(): void;
  /** Resolves once the stream is open. */
  readonly opened: Promise<void>;
  /** Resolves to the status if the answer is not a stream, or to `ended` at the end of the stream. */
  readonly closed: Promise<string>;
}

const EVENT = 'data: ';

/** Subscribes over HTTP. `onEvent` receives the JSON of each event. */
export function openStreamClient(
  port: number,
  caller: Caller,
  operation: object,
  onEvent: (json: string) => void,
): StreamClient {
  const { promise: closed, resolve: end } = Promise.withResolvers<string>();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let isOpen = false;
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (!isOpen && text.length < 13) return;
    if (!isOpen && !text.startsWith('HTTP/1.1 200')) {
      end(text.slice(9, 12));
      socket.destroy();
      return;
    }
    isOpen = true;
    open();
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
      const line = text.slice(0, at);
      text = text.slice(at + 1);
      if (line.startsWith(EVENT)) onEvent(line.slice(EVENT.length));
    }
  });
  socket.on('error', () => end('ended'));
  socket.on('close', () => end('ended'));
  socket.write(toGraphqlRequest(caller, operation, 'text/event-stream'));
  return { close: () => void socket.destroy(), opened, closed };
}
