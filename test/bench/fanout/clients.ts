import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { PING, readFrame, TEXT, toPongFrame, toTextFrame } from './frames.ts';
import { OPERATION } from './subscription.ts';
import { CONNECTION_INIT } from '../../support/token.ts';

/** One event, received by all sockets of one side. */
export interface Arrival {
  /** The time when the last socket had its whole frame, by `performance.now()`. */
  readonly atMs: number;
  /** The payload, which is the same for all sockets. */
  readonly payload: string;
}

/** Sockets of one side, all subscribed to the same operation. They cost this process as little as possible. */
export interface Clients {
  /** Resolves once every socket has received one more event. Call it before the event. Rejects after `timeoutMs`. */
  next(timeoutMs: number): Promise<Arrival>;
  /** All wrong messages since the last `forget`. */
  readonly problems: readonly string[];
  /** Clears all messages and problems so far. */
  forget(): void;
  close(): void;
}

/** The events that a subscriber may receive. Any further event is a problem. */
interface Subscriber {
  readonly id: Buffer;
  seen: number;
}

/** The number of sockets that are opened concurrently. */
const OPENING_MAX = 50;

/** The offset of the id. All sides write `{"id":"`, an id, `","type":"next","payload":` and the payload. */
const ID_AT = '{"id":"'.length;
/** The first letter of the hub's pings, which measure what was read. It is searched only in messages without an id at the start. */
const T = 't'.charCodeAt(0);
const PING_START = Buffer.from('{"type":"ping"');
const ID_CHARS = 36;
const BETWEEN = Buffer.from('","type":"next","payload":');
const PAYLOAD_AT = ID_AT + ID_CHARS + BETWEEN.length;
const SHOWN_MAX = 5;

/** Opens and subscribes `count` sockets. If `id` is null, each has its own UUID, as the client of graphql-ws does. */
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

/** The buffer that all sockets are read into, one after another. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** Resolves once the operation is sent. `take` then receives each message. Its bytes are valid only during the call. */
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

    /** Returns the offset of the first frame. */
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
