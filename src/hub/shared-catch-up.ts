import type { CatchUp } from '../domain/watch.ts';
import type { Result } from '../ledger/result.ts';
import { createBoundedCache } from '../lib/bounded-cache.ts';
import type { CatchUpDeps } from './catch-up.ts';

/** A record takes about so many characters. */
const RECORD_CHARS = 1_000;
/** 2 MB: pages that clients who come together ask for one after the other. */
const PAGES = { charsPerEntryMax: 1_000_000, charsMax: 1_000_000, charsOf };

/**
 * Clients that subscribe together share what is read for them, as after a deploy. A page is read again once an event behind
 * it has come: until then it holds all that there is. One that is older is no fault, since a subscriber goes on from it.
 */
export function createSharedCatchUp(
  read: CatchUpDeps['catchUp'],
  appliedSeq: (tenant: string) => number,
): CatchUpDeps['catchUp'] {
  const pages = createBoundedCache<CatchUp>(PAGES);
  const reading = new Map<string, Promise<Result<CatchUp>>>();

  async function readAlone(key: string, ...what: Parameters<CatchUpDeps['catchUp']>): Promise<Result<CatchUp>> {
    const [, watch] = what;
    try {
      const result = await read(...what);
      // A task that Kling refuses may be withdrawn without an event.
      if (result.ok && watch.taskId === null) pages.set(key, result.value);
      return result;
    } finally {
      reading.delete(key);
    }
  }

  return async (...what) => {
    const [tenant, , , , rest] = what;
    const key = JSON.stringify(what);
    const kept = pages.get(key);
    // A page of a present state that has begun shows one moment, whatever has come since.
    if (kept !== undefined && (rest !== null || kept.headSeq >= appliedSeq(tenant))) return { ok: true, value: kept };
    const known = reading.get(key);
    if (known !== undefined) return known;
    const begun = readAlone(key, ...what);
    reading.set(key, begun);
    return begun;
  };
}

function charsOf({ events }: CatchUp): number {
  return (events.length + 1) * RECORD_CHARS;
}
