/** The part of RFC 6455 that a client of these servers needs. */

/** A whole frame from a server. */
export interface Frame {
  readonly opcode: number;
  /** The range of its content in the buffer. */
  readonly start: number;
  readonly end: number;
}

export const TEXT = 1;
export const PING = 9;
const PONG = 10;

/** Reads the frame at `offset`. Returns null if it is incomplete. Does not support content of 4 GiB and more. */
export function readFrame(bytes: Buffer, offset: number): Frame | null {
  if (bytes.length < offset + 2) return null;
  const opcode = bytes[offset]! & 0x0f;
  const short = bytes[offset + 1]! & 0x7f;
  const headBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
  const start = offset + headBytes;
  if (bytes.length < start) return null;
  const length =
    short === 127 ? bytes.readUInt32BE(offset + 6) : short === 126 ? bytes.readUInt16BE(offset + 2) : short;
  return bytes.length < start + length ? null : { opcode, start, end: start + length };
}

/** Creates a text frame of a client. */
export function toTextFrame(text: string): Buffer {
  return toFrame(TEXT, Buffer.from(text));
}

/** Creates a pong frame of a client. */
export function toPongFrame(content: Buffer): Buffer {
  return toFrame(PONG, content);
}

/** Creates a masked frame, as clients must send. The mask of zeros changes nothing. Content has at most 65,535 bytes. */
function toFrame(opcode: number, content: Buffer): Buffer {
  const isShort = content.length < 126;
  const head = Buffer.alloc(isShort ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (isShort ? content.length : 126);
  if (!isShort) head.writeUInt16BE(content.length, 2);
  return Buffer.concat([head, content]);
}
