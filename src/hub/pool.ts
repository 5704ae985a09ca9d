import type { Hub } from './hub.ts';

/** Leaves of the pool: 2,500 sockets each. A socket's leaf is routing and carries no authority. */
export const LEAVES = 4;

/** Why a leaf takes no socket: it has no room at all, or none for more of this tenant or of this client address. */
export type NoRoom = 'FULL' | 'TENANT' | 'ADDRESS';

export type Dialled = { readonly type: 'SOCKET'; readonly socket: WebSocket } | { readonly type: NoRoom };

const STATUS = { FULL: 503, TENANT: 429, ADDRESS: 429 } as const satisfies Record<NoRoom, number>;
const REASON_HEADER = 'x-no-room';

/** What a leaf answers that takes no socket. */
export function toNoRoom(reason: NoRoom): Response {
  return new Response(null, { status: STATUS[reason], headers: { [REASON_HEADER]: reason } });
}

/**
 * What one leaf takes of a bound on the whole pool. A leaf knows its own sockets alone, so that each enforces a quarter: the
 * sum never passes the bound, and a quarter of it is served in every case, whichever leaf is dialled.
 */
export function shareOf(max: number): number {
  return Math.ceil(max / LEAVES);
}

/**
 * Dials a leaf of the pool: a tenant's own first, so that few leaves are told of its events; a random one where the
 * tenant is not known yet. One without room refuses, and the next is tried.
 */
export async function dial(
  hubs: DurableObjectNamespace<Hub>,
  request: Request,
  tenant: string | null,
  random: () => number,
): Promise<Dialled> {
  const first = tenant === null ? Math.floor(random() * LEAVES) : leafOf(tenant);
  let type: NoRoom = 'FULL';
  for (let i = 0; i < LEAVES; i += 1) {
    const response = await hubs.getByName(`leaf-${(first + i) % LEAVES}`).fetch(new Request(request));
    const socket = response.webSocket;
    if (socket) return { type: 'SOCKET', socket };
    // Where the caller can do something about it, that is what it is told.
    const reason = response.headers.get(REASON_HEADER);
    if (reason === 'TENANT' || reason === 'ADDRESS') type = reason;
  }
  return { type };
}

/** FNV-1a, which spreads names evenly. */
export function leafOf(tenant: string): number {
  let hash = 0x811c9dc5;
  for (const char of tenant) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0) % LEAVES;
}
