import type { FileUrls } from './domain/media.ts';
import type { Ledger, Upstream, Viewer } from './domain/ports.ts';

/** The context of resolvers. It is created for each request, and nothing in it outlives the request. */
export interface GatewayContext {
  /** The id of the request, in the header `x-request-id`, in log lines, and in `extensions.requestId` of every error. */
  readonly requestId: string;
  /** Returns milliseconds since the epoch. */
  readonly now: () => number;
  readonly viewer: Viewer;
  /** The ledger of the viewer's tenant. Its methods throw `FORBIDDEN` outside the viewer's scopes. */
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  /** The URLs of uploads and files. Null if the gateway keeps no files. */
  readonly files: FileUrls | null;
}
