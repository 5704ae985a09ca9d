import type { Viewer } from '../domain/viewer.ts';
import { readOwnJson } from '../lib/own-json.ts';

/** What the hub knows of a socket; kept with it, so that it survives the hub's eviction. */
export interface Attachment {
  readonly socketId: string;
  /** Null until `connection_init` was accepted. */
  readonly viewer: Viewer | null;
  /** A socket of the Worker's own, behind an SSE or multipart answer: its messages carry cursors. */
  readonly isStream: boolean;
  /** The id of the request that a stream answers, or that asked for a socket, whose operations have ids of their own. */
  readonly requestId: string | null;
  /** Of the client; null where nobody tells. */
  readonly network: string | null;
  readonly origin: string;
  readonly openedAtMs: number;
}

export function attachmentOf(socket: WebSocket): Attachment | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the hub and its connection write it
  return socket.deserializeAttachment() as Attachment | null;
}

export const SUBPROTOCOL = 'graphql-transport-ws';

/** The header by which the Worker tells a hub of a caller. No header of a client's is ever passed on. */
const CALLER_HEADER = 'x-caller';

/** What the Worker knows of the client of a socket. */
export interface Caller {
  readonly network: string | null;
  /** By the token that came with the request; null when none came. A socket is asked again in `connection_init`. */
  readonly tenant: string | null;
  /** Set for a stream: the socket is the Worker's own, and belongs to this viewer. */
  readonly streamViewer: Viewer | null;
  /** The id of the request that a stream answers, or that asks for a socket. */
  readonly requestId: string | null;
}

const NOBODY: Caller = { network: null, tenant: null, streamViewer: null, requestId: null };

export function toCallerHeaders(caller: Caller): Record<string, string> {
  return { [CALLER_HEADER]: encodeURIComponent(JSON.stringify(caller)) };
}

export function callerOf(headers: Headers): Caller {
  const text = headers.get(CALLER_HEADER);
  return text === null ? NOBODY : readOwnJson<Caller>(decodeURIComponent(text));
}
