/** As much of RFC 6455 as a client of one's own servers needs. */

/** One whole frame of a server's. */
export interface Frame {
  readonly opcode: number;
  /** Where its content begins and ends, in the bytes it was found in. */
  readonly start: number;
  readonly end: number;
}

export const TEXT = 1;
export const PING = 9;
const PONG = 10;

/** The frame that begins at `offset`; null when not all of it is there yet. Content of 4 GiB and more is none of ours. */
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

/** A client's text frame. */
export function toTextFrame(text: string): Buffer {
  return toFrame(TEXT, Buffer.from(text));
}

/** A client's answer to a ping. */
export function toPongFrame(content: Buffer): Buffer {
  return toFrame(PONG, content);
}

/** Masked, as a client has to, with the mask that changes nothing. Content of up to 65,535 bytes. */
function toFrame(opcode: number, content: Buffer): Buffer {
  const isShort = content.length < 126;
  const head = Buffer.alloc(isShort ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (isShort ? content.length : 126);
  if (!isShort) head.writeUInt16BE(content.length, 2);
  return Buffer.concat([head, content]);
}
