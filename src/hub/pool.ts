import type { Hub } from './hub.ts';

/** Leaves of the pool: 2,500 sockets each. A socket's leaf is routing and carries no authority. */
export const LEAVES = 4;

/**
 * Dials a leaf of the pool: a tenant's own first, so that few leaves are told of its events; a random one where the
 * tenant is not known yet. A full one refuses, and the next is tried. Null: all are full.
 */
export async function dial(
  hubs: DurableObjectNamespace<Hub>,
  request: Request,
  tenant: string | null,
  random: () => number,
): Promise<Response | null> {
  const first = tenant === null ? Math.floor(random() * LEAVES) : leafOf(tenant);
  for (let i = 0; i < LEAVES; i += 1) {
    const response = await hubs.getByName(`leaf-${(first + i) % LEAVES}`).fetch(new Request(request));
    if (response.status !== 503) return response;
  }
  return null;
}

/** FNV-1a, which spreads names evenly. */
export function leafOf(tenant: string): number {
  let hash = 0x811c9dc5;
  for (const char of tenant) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0) % LEAVES;
}
