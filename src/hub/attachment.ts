/** What the hub knows of a socket; kept with it, so that it survives the hub's eviction. */
export interface Attachment {
  readonly socketId: string;
  /** Null until `connection_init` was accepted. */
  readonly tenant: string | null;
  /** A socket of the Worker's own, behind an SSE or multipart answer: its messages carry cursors. */
  readonly isStream: boolean;
  readonly origin: string;
  readonly openedAtMs: number;
}

export const SUBPROTOCOL = 'graphql-transport-ws';

/** The header by which the Worker says that a socket is its own, for a stream of this tenant. Never passed on from outside. */
export const STREAM_TENANT_HEADER = 'x-stream-tenant';
