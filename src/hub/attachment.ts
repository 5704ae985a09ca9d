import type { Viewer } from '../domain/viewer.ts';
import { readOwnJson } from '../lib/own-json.ts';

/** What the hub knows of a socket; kept with it, so that it survives the hub's eviction. */
export interface Attachment {
  readonly socketId: string;
  /** Null until `connection_init` was accepted. */
  readonly viewer: Viewer | null;
  /** A socket of the Worker's own, behind an SSE or multipart answer: its messages carry cursors. */
  readonly isStream: boolean;
  readonly origin: string;
  readonly openedAtMs: number;
}

export const SUBPROTOCOL = 'graphql-transport-ws';

/** The header by which the Worker says that a socket is its own, for a stream of this viewer. Never passed on from outside. */
const STREAM_VIEWER_HEADER = 'x-stream-viewer';

export function toStreamHeaders(viewer: Viewer): Record<string, string> {
  return { [STREAM_VIEWER_HEADER]: encodeURIComponent(JSON.stringify(viewer)) };
}

/** Null: the socket is a client's. */
export function streamViewerOf(headers: Headers): Viewer | null {
  const text = headers.get(STREAM_VIEWER_HEADER);
  return text === null ? null : readOwnJson<Viewer>(decodeURIComponent(text));
}
