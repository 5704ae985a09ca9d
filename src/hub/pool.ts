import type { Hub } from './hub.ts';

/** Leaves of the pool: 2,500 sockets each. A socket's leaf is routing and carries no authority. */
export const LEAVES = 4;

/** Dials a leaf of the pool, a random one first; a full one refuses, and the next is tried. Null: all are full. */
export async function dial(
  hubs: DurableObjectNamespace<Hub>,
  request: Request,
  random: () => number,
): Promise<Response | null> {
  const first = Math.floor(random() * LEAVES);
  for (let i = 0; i < LEAVES; i += 1) {
    const response = await hubs.getByName(`leaf-${(first + i) % LEAVES}`).fetch(new Request(request));
    if (response.status !== 503) return response;
  }
  return null;
}
