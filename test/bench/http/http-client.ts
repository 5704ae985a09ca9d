import { connect, type Socket } from 'node:net';

/** An HTTP answer. `body` is complete, without the framing of chunks. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** A connection for sequential requests. It implements little of HTTP, so that the servers are the bottleneck. */
export interface Connection {
  /** Sends one request at a time. Calls `onAnswer` once. Failures go to `onFault` of `openConnection`. */
  send(request: Buffer, onAnswer: (answer: HttpAnswer) => void): void;
  close(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
/** The end of a chunked body. No answer here contains a line break. */
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');
const NO_CHUNKS = Buffer.from('0\r\n\r\n');

/** Creates the bytes of a request for a server on the loopback. */
export function toRequest(
  method: string,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const all = {
    Host: '127.0.0.1',
    ...(body === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

/** Resolves once the connection is open. Rejects if no server listens. Calls `onFault` if the connection ends later. */
export async function openConnection(port: number, onFault: (reason: string) => void): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(toConnection(socket, onFault));
    });
  });
}

function toConnection(socket: Socket, onFault: (reason: string) => void): Connection {
  let onAnswer: ((answer: HttpAnswer) => void) | null = null;
  let head: Head | null = null;
  let parts: Buffer[] = [];
  let bytes = 0;
  let closed = false;

  function fault(reason: string): void {
    if (closed) return;
    closed = true;
    socket.destroy();
    onFault(reason);
  }

  function take(chunk: Buffer): void {
    parts.push(chunk);
    bytes += chunk.length;
    if (head === null) {
      const all = joined();
      head = readHead(all);
      if (head === null) return void (parts = [all]);
      parts = [all.subarray(head.length)];
      bytes = all.length - head.length;
    }
    const { status, bodyLength } = head;
    if (bodyLength === null) {
      const last = parts.at(-1) ?? chunk;
      const end = last.length >= LAST_CHUNK.length ? last : joined();
      if (!endsWith(end, LAST_CHUNK) && !end.equals(NO_CHUNKS)) return;
      finish({ status, body: withoutChunks(joined()) });
    } else if (bytes >= bodyLength) finish({ status, body: joined() });
  }

  function joined(): Buffer {
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  function finish(answer: HttpAnswer): void {
    const tell = onAnswer;
    onAnswer = null;
    head = null;
    parts = [];
    bytes = 0;
    tell?.(answer);
  }

  socket.on('data', take);
  socket.on('error', (error) => fault(String(error)));
  socket.on('close', () => fault('the connection was closed'));
  return {
    send(request, tell) {
      onAnswer = tell;
      socket.write(request);
    },
    close() {
      closed = true;
      socket.destroy();
    },
  };
}

interface Head {
  /** The length of the head, including the empty line. */
  readonly length: number;
  readonly status: number;
  /** The length of the body. Null if it is chunked. */
  readonly bodyLength: number | null;
}

function readHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return null;
  const text = bytes.toString('latin1', 0, end);
  const status = Number(text.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
  const bodyLength = length !== undefined ? Number(length) : status === 204 ? 0 : null;
  return { length: end + HEAD_END.length, status, bodyLength };
}

function endsWith(bytes: Buffer, end: Buffer): boolean {
  return bytes.length >= end.length && end.compare(bytes, bytes.length - end.length) === 0;
}

function withoutChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) return parts.length === 1 ? (parts[0] ?? bytes) : Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}
