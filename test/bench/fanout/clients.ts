import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { PING, readFrame, TEXT, toPongFrame, toTextFrame } from './frames.ts';
import { OPERATION } from './subscription.ts';
import { CONNECTION_INIT } from '../../support/token.ts';

/** What all sockets of one side were told of one event. */
export interface Arrival {
  /** When the last socket had the whole of its frame, by `performance.now()`. */
  readonly atMs: number;
  /** The payload, the same for all. */
  readonly payload: string;
}

/** Sockets of one side, all subscribed to the same operation, as cheap to this process as they can be made. */
export interface Clients {
  /** Resolves once every socket has been told of one more event. To be called before the event. Rejects after `timeoutMs`. */
  next(timeoutMs: number): Promise<Arrival>;
  /** Everything that was not as it has to be, of all events since the last `forget`. */
  readonly problems: readonly string[];
  /** What has come and gone wrong so far does not count. */
  forget(): void;
  close(): void;
}

/** One event more than these is wrong, whenever it comes. */
interface Subscriber {
  readonly id: Buffer;
  seen: number;
}

/** Sockets that are being opened at once. */
const OPENING_MAX = 50;

/** `{"id":"`, an id, `","type":"next","payload":` and the payload: so write all sides. */
const ID_AT = '{"id":"'.length;
/** The hub asks so what has been read. Looked for only in messages that do not begin with an id. */
const T = 't'.charCodeAt(0);
const PING_START = Buffer.from('{"type":"ping"');
const ID_CHARS = 36;
const BETWEEN = Buffer.from('","type":"next","payload":');
const PAYLOAD_AT = ID_AT + ID_CHARS + BETWEEN.length;
const SHOWN_MAX = 5;

/** Opens `count` sockets and subscribes each, under a UUID of its own, as graphql-ws's client does; `id`: under this one. */
export async function openClients(port: number, count: number, id: string | null): Promise<Clients> {
  const sockets: Socket[] = [];
  const subscribers: Subscriber[] = [];
  const problems: string[] = [];
  let events = 0;
  let missing = 0;
  let reference: Buffer | null = null;
  let arrived: ((arrival: Arrival) => void) | null = null;

  function wrong(problem: string): void {
    if (problems.length < SHOWN_MAX) problems.push(problem);
  }

  function take(subscriber: Subscriber, bytes: Buffer, start: number, end: number): void {
    subscriber.seen += 1;
    if (subscriber.seen !== events) wrong(`a socket saw event ${subscriber.seen} when ${events} was sent`);
    const betweenAt = start + ID_AT + ID_CHARS;
    if (subscriber.id.compare(bytes, start + ID_AT, betweenAt) !== 0) wrong('a frame has the id of another socket');
    if (BETWEEN.compare(bytes, betweenAt, betweenAt + BETWEEN.length) !== 0) {
      return wrong(`no next message: ${bytes.toString('utf8', start, Math.min(end, start + 200))}`);
    }
    reference ??= Buffer.from(bytes.subarray(start + PAYLOAD_AT, end));
    if (reference.compare(bytes, start + PAYLOAD_AT, end) !== 0) wrong('two sockets were told different things');
    missing -= 1;
    if (missing > 0) return;
    const atMs = performance.now();
    arrived?.({ atMs, payload: reference.toString('utf8', 0, reference.length - 1) });
  }

  for (let i = 0; i < count; i += OPENING_MAX) {
    const opening = Array.from({ length: Math.min(OPENING_MAX, count - i) }, async () => {
      const subscriber = { id: Buffer.from(id ?? randomUUID()), seen: 0 };
      subscribers.push(subscriber);
      sockets.push(await openSocket(port, subscriber.id.toString(), (...frame) => take(subscriber, ...frame), wrong));
    });
    await Promise.all(opening);
  }

  return {
    problems,
    async next(timeoutMs) {
      events += 1;
      missing = count;
      reference = null;
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          reject(new Error(`${missing} of ${count} sockets were told nothing; ${problems.join('; ')}`));
        }, timeoutMs);
        arrived = (arrival) => {
          clearTimeout(late);
          resolve(arrival);
        };
      });
    },
    forget() {
      problems.length = 0;
      events = 0;
      for (const subscriber of subscribers) subscriber.seen = 0;
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function isPing(bytes: Buffer, start: number): boolean {
  return bytes[start + 2] === T && PING_START.compare(bytes, start, start + PING_START.length) === 0;
}

/** All sockets are read into the same bytes, one after the other. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** Resolves once the operation has been sent. `take` gets each message after that; its bytes are good only while it runs. */
async function openSocket(
  port: number,
  id: string,
  take: (bytes: Buffer, start: number, end: number) => void,
  wrong: (problem: string) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let phase: 'UPGRADE' | 'INIT' | 'SUBSCRIBED' = 'UPGRADE';
    let rest: Buffer | null = null;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: shared, callback: read } });
    socket.on('error', reject);
    socket.on('end', () => wrong('a socket was closed'));
    socket.on('connect', () => {
      socket.write(
        `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
      );
    });

    function read(count: number): boolean {
      let bytes = shared.subarray(0, count);
      if (rest !== null) bytes = Buffer.concat([rest, bytes]);
      let offset = phase === 'UPGRADE' ? takeUpgrade(bytes) : 0;
      for (let frame = readFrame(bytes, offset); frame !== null; frame = readFrame(bytes, offset)) {
        const { opcode, start, end } = frame;
        if (opcode === PING) socket.write(toPongFrame(Buffer.from(bytes.subarray(start, end))));
        else if (opcode !== TEXT) wrong(`a frame of type ${opcode}: ${bytes.toString('utf8', start + 2, end)}`);
        else if (isPing(bytes, start)) socket.write(toTextFrame('{"type":"pong"}'));
        else if (phase === 'SUBSCRIBED') take(bytes, start, end);
        else subscribe();
        offset = end;
      }
      rest = offset === bytes.length ? null : Buffer.from(bytes.subarray(offset));
      return true;
    }

    /** Where the frames begin. */
    function takeUpgrade(bytes: Buffer): number {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return 0;
      const status = bytes.toString('latin1', 9, 12);
      if (status !== '101') reject(new Error(`no socket: ${status}`));
      phase = 'INIT';
      socket.write(toTextFrame(CONNECTION_INIT));
      return end + 4;
    }

    function subscribe(): void {
      phase = 'SUBSCRIBED';
      socket.write(toTextFrame(JSON.stringify({ id, type: 'subscribe', payload: OPERATION })), () => resolve(socket));
    }
  });
}
