import { type Backoff, backoffMs } from '../../lib/backoff.ts';

const RETRY: Backoff = { baseMs: 300, capMs: 10_000 };

/** Longer with every attempt, never all pages at once; and at once when the browser says that it is back on line. */
export async function waitToRetry(retries: number): Promise<void> {
  const ms = backoffMs(retries + 1, RETRY, Math.random);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  addEventListener('online', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
