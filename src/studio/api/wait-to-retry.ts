const RETRY_MS_MAX = 10_000;

/** Longer with every attempt, never all pages at once; and at once when the browser says that it is back on line. */
export async function waitToRetry(retries: number): Promise<void> {
  const ms = Math.random() * Math.min(RETRY_MS_MAX, 300 * 2 ** retries);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  addEventListener('online', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
